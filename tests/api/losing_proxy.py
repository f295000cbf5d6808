"""A way to the service that loses answers: a request goes through, is carried out, and its answer never arrives."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class LosingProxy:
    """Forwards each connection to a port; so many times, it closes the connection instead of passing an answer on."""

    def __init__(self, port: int) -> None:
        self._port, self.lose, self.lost = port, 0, list[bytes]()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._port))
        threading.Thread(target=_forward, args=(client, server), daemon=True).start()
        with client, server, suppress(OSError):
            while piece := server.recv(65536):  # it answers after its COMMIT
                if self.lose:
                    self.lose -= 1
                    self.lost.append(piece)
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(piece)
            client.shutdown(socket.SHUT_RDWR)


def _forward(client: socket.socket, server: socket.socket) -> None:
    with suppress(OSError):
        while piece := client.recv(65536):
            server.sendall(piece)
        server.shutdown(socket.SHUT_WR)
