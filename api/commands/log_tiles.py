"""`aval log tiles`: the log as the files that other public logs serve, to be handed out or mirrored."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened


@click.command(short_help="Write the log as tiles, as other public logs are served.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@database_option
def tiles(folder: Path, database: str) -> None:
    """Write the checkpoint, the tiles of hashes and the entries of the log into FOLDER (C2SP tlog-tiles).

    What lies there already is left as it is; a file that is another one than the log's ends the command. What stands
    behind the entries is not written: requests, facts and answers stay where they can be erased.
    """
    from rich.console import Console
    from rich.progress import track

    from storage.log_export import NothingSigned
    from storage.log_tiles import CHECKPOINT, EntryTooLong, tile_files

    progress, written = Console(stderr=True), 0
    with opened(database) as found, found.looking() as connection:
        try:
            for path, content in track(tile_files(connection), "writing", console=progress, transient=True,
                                       disable=not progress.is_terminal):  # fmt: skip
                written += _written(folder / path, content, replaced=path == CHECKPOINT)
        except (NothingSigned, EntryTooLong) as fault:
            raise click.UsageError(str(fault)) from None
        except OSError as fault:
            raise click.UsageError(f"cannot write into '{folder}' ({fault.strerror}); name another folder") from None
    click.echo(f"{folder}: {counted(written, 'file')} written")


def _written(path: Path, content: bytes, replaced: bool) -> bool:
    """Write a file that is not there yet, or a newer checkpoint; whether anything was written. Raises: UsageError."""
    if path.exists():
        before = path.read_bytes()
        if before == content:
            return False
        if not replaced:
            raise click.UsageError(f"'{path}' is not that of this log; somebody changed it, or it is of another log")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)
    return True
