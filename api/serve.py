"""The server: gunicorn with threads, the app loaded once before its workers fork, each worker with its own connections.

`aval serve` builds the settings and runs this. Workers are replaced after some thousands of requests, not all at once,
so that memory that leaks somewhere never adds up.
"""

from __future__ import annotations

import gc
import logging
from dataclasses import dataclass
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from api import logs
from api.expiring import Sweeping
from api.health import readiness
from api.metrics import bury
from api.services import Services

log = logging.getLogger("aval.serve")
YOUNG_OBJECTS = 20_000  # made and not let go before they are looked through: some requests' worth


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and with how many to listen; `workers` are processes, `threads` those within each.

    `metrics` is the address at which the figures are told, and nothing else but health.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 2
    threads: int = 8
    requests_per_worker: int = 20_000
    metrics: tuple[str, int] | None = None


class Server(BaseApplication):
    """One gunicorn master for an app that is already made; `run()` serves until it is told to stop."""

    def __init__(self, app: Flask, listening: Listening) -> None:
        self._app, self._listening = app, listening
        super().__init__()

    def load_config(self) -> None:
        """Set what gunicorn is to do; no file and no environment is read."""
        for name, value in gunicorn_settings(self._listening).items():
            if name in self.cfg.settings:  # older versions lack a few
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """The app, made in the master before any worker."""
        return self._app


def gunicorn_settings(listening: Listening) -> dict[str, Any]:
    """What gunicorn is told for this service."""
    metrics = () if listening.metrics is None else (listening.metrics,)
    return {
        "bind": [f"{listening.host}:{listening.port}", *(f"{host}:{port}" for host, port in metrics)],
        "worker_class": "gthread",
        "workers": listening.workers,
        "threads": listening.threads,
        "preload_app": True,
        "max_requests": listening.requests_per_worker,
        "max_requests_jitter": listening.requests_per_worker // 10,
        "timeout": 30,
        "graceful_timeout": 30,
        "keepalive": 5,
        "limit_request_line": 4094,
        "limit_request_fields": 50,
        "limit_request_field_size": 8190,
        "post_fork": _after_fork,
        "post_worker_init": _before_requests,
        "worker_exit": _at_exit,
        "child_exit": _after_exit,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "logger_class": logs.ServerLog,
        "proc_name": "aval",
        "control_socket_disable": True,
    }


def serve(app: Flask, listening: Listening) -> None:
    """Serve until SIGTERM; requests in work are finished first."""
    logs.configure()
    held: Services = app.extensions["aval"]
    held.policies.close()  # engines hold memory of their process: each worker builds its own
    held.database.dispose()
    Server(app, listening).run()


def _after_fork(server: Any, worker: Any) -> None:
    """Connections and lock files are opened anew in each worker (storage also sees to it at the fork itself)."""
    held: Services = worker.app.load().extensions["aval"]
    Sweeping(held.database, held.settings.sweep_seconds).start()
    worker.log.debug("worker started")


def _before_requests(worker: Any) -> None:
    """The effective policy is built before the first request, not while it waits."""
    held: Services = worker.app.load().extensions["aval"]
    wrong = [one for one in readiness(held) if one.wrong and not one.decides_without]
    for one in wrong:  # the worker serves nevertheless, and tells each request why not
        log.error("not ready", extra={"problem": one.check, "detail": one.wrong})
    settle_memory()


def settle_memory() -> None:
    """Keep the collector of cycles away from all that was loaded, which stays as long as the worker does.

    A request leaves no cycles behind worth a look; without this each full collection walks through every policy.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)


def _at_exit(server: Any, worker: Any) -> None:
    held: Services = worker.app.load().extensions["aval"]
    held.policies.close()
    held.database.dispose()


def _after_exit(server: Any, worker: Any) -> None:
    """In the master, however the worker ended: its counts go to those of all that ended before."""
    held: Services = worker.app.load().extensions["aval"]
    if held.metrics.folder is not None:
        bury(held.metrics.folder, worker.pid)
