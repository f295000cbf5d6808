"""`aval log`: keep the transparency log, hand out what outsiders need, and check what they were handed."""

from __future__ import annotations

import gzip
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.commands.counts import counted
from api.commands.database import database_option, opened
from api.commands.log_begin import begin
from api.commands.log_key import key_file, key_of, log_key_option, public_key
from api.commands.log_tiles import tiles
from api.commands.stopping import until_told

if TYPE_CHECKING:
    from api.log_keeping import LogKeeper
    from api.log_places import Publish
    from storage.checkpoints import Checkpoint, VerifyingKey
    from storage.log_verify import Checked

Command = TypeVar("Command", bound=Callable[..., Any])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_TOLD = 50

places_option = click.option(
    "--checkpoints-to", "places", metavar="PLACE", multiple=True, envvar="AVAL_CHECKPOINTS_TO", show_envvar=True,
    help="Publish a checkpoint there each minute: file:PATH, https://ADDRESS or smtp://HOST:PORT?from=A@B&to=C@D; "
    "may be given again.",
)  # fmt: skip


@click.group()
def log() -> None:
    """Keep the transparency log, export it, and check an export."""


log.add_command(begin)
log.add_command(tiles)


@log.command("create-key", short_help="Make the key that signs the log.")
@click.option("--name", metavar="NAME", required=True, help="What the log is called for ever, as firm.example/credit.")
@log_key_option
@database_option
def create_key(name: str, log_key: str | None, database: str) -> None:
    """Make the key that signs the log, in a file for its owner alone, and print its public half.

    Give the public half to everybody who is to check the log; it is one line.
    """
    from api.log_keys import make_log_key

    path = key_file(database, log_key)
    if path.exists():
        raise click.UsageError(f"'{path}' is there already; show it with: aval log show-key")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        key = make_log_key(path, name)
    except OSError as fault:
        raise click.UsageError(f"cannot make '{path}' ({fault.strerror}); name another file with --log-key") from None
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    click.echo(str(key.verifying))
    click.echo(f"the key is in {path}; keep it where the database's keeper cannot read it", err=True)


@log.command("show-key", short_help="Print the public half of the key that signs the log.")
@log_key_option
@database_option
def show_key(log_key: str | None, database: str) -> None:
    """Print the public half of the key that signs the log."""
    click.echo(str(key_of(database, log_key).verifying))


@log.command(short_help="Give entries their leaves, sign and publish, until stopped.")
@places_option
@click.option("--once", is_flag=True, help="One round, then end: what waits gets its leaf, and a checkpoint is signed.")
@click.option("--end-with-parent", is_flag=True, help="End when the process that started it has ended.")
@log_key_option
@database_option
def run(places: tuple[str, ...], once: bool, end_with_parent: bool, log_key: str | None, database: str) -> None:
    """Give entries their leaves, sign and publish, until told to stop.

    `aval serve` starts this beside itself; run it apart where only another user may read the key.
    """
    from api import logs
    from api.log_keeping import LogKeeper
    from api.log_keys import Remembered, memory_of

    read = places_of(places)
    path, key = key_file(database, log_key), key_of(database, log_key)
    logs.configure()
    with opened(database) as found:
        keeper = LogKeeper(found, key, Remembered(memory_of(path), key.verifying), read)
        if once:
            one_round(keeper)
            return
        stopped = threading.Event()
        with until_told(stopped):
            keeper.run(stopped, os.getppid() if end_with_parent else None)


def one_round(keeper: LogKeeper) -> None:
    """One round of the keeper. Raises: UsageError where the log cannot be signed."""
    from storage.checkpoints import BadCheckpoint
    from storage.sequencer import RefusedToSign

    try:
        click.echo(f"{counted(keeper.step(), 'new leaf').replace('leafs', 'leaves')}", err=True)
    except (RefusedToSign, BadCheckpoint) as fault:
        raise click.UsageError(str(fault)) from None


@log.command(short_help="Print the newest signed checkpoint.")
@database_option
def checkpoint(database: str) -> None:
    """Print the newest signed checkpoint; whoever keeps it can show later what the log was."""
    with opened(database) as found, found.read() as work:
        signed = work.log.checkpoint()
    if signed is None:
        raise click.UsageError("no checkpoint was signed yet; see that 'aval log run' runs")
    click.echo(signed[1], nl=False)


@log.command(short_help="Write the whole log to a file that an outsider can check.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@database_option
def export(file: Path, database: str) -> None:
    """Write the log up to its newest checkpoint to FILE, compressed where its name ends in .gz.

    With each entry goes what stands behind it, personal data included unless erased: give it only to those who may
    read decisions.
    """
    from rich.console import Console
    from rich.progress import track

    from storage.log_export import NothingSigned, export_lines

    progress = Console(stderr=True)
    with opened(database) as found, found.looking() as connection:
        try:
            lines = export_lines(connection)
            first = next(lines)
        except NothingSigned as fault:
            raise click.UsageError(str(fault)) from None
        with writing(file) as write:
            write(first)
            count = 0
            for line in track(lines, "exporting", console=progress, transient=True, disable=not progress.is_terminal):
                write(line)
                count += 1
    click.echo(f"{file}: {counted(count, 'line')} behind the checkpoint")


@log.command(short_help="Check an export with a public key alone.")
@click.argument("file", type=FILE)
@click.option("--key", "key_text", metavar="KEY", required=True, help="The public key: its line, or a file of it.")
@click.option("--older", type=FILE, help="A checkpoint that you kept, signed with the same key.")
@click.option("--older-key", metavar="KEY", help="The key of that checkpoint, where the log was begun anew since.")
def verify(file: Path, key_text: str, older: Path | None, older_key: str | None) -> int:
    """Check an export of the log with its public key alone: no database, no network.

    Exit code 0 where all is as it was signed, 1 where anything is not, and each fault is told. What nobody catches:
    a change made before anybody outside held a checkpoint; so keep checkpoints, and give the last one with --older.
    """
    from storage.log_verify import verify_export

    key = public_key(key_text)
    before = key if older_key is None else public_key(older_key)
    with reading(file) as lines:
        found = verify_export(lines, key, None if older is None else kept_checkpoint(older, before))
    for fault in found.faults[:MOST_TOLD]:
        click.echo(fault)
    if len(found.faults) > MOST_TOLD:
        click.echo(f"... and {len(found.faults) - MOST_TOLD} more")
    click.echo(summary(found), err=not found.good)
    return 0 if found.good else 1


def summary(found: Checked) -> str:
    """What was checked, in one line."""
    if not found.good:
        return f"NOT as signed: {counted(len(found.faults), 'fault')}"
    assert found.checkpoint is not None
    erased = f", {found.erased} of them erased" if found.erased else ""
    return (f"as signed by {found.checkpoint.origin}: {counted(found.entries, 'entry').replace('entrys', 'entries')}, "
            f"{counted(found.decisions, 'decision')}{erased}")  # fmt: skip


def places_of(places: tuple[str, ...]) -> dict[str, Publish]:
    """Where checkpoints are published. Raises: UsageError for a place of another kind."""
    from api.log_places import read_place

    try:
        return {place: read_place(place) for place in places}
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None


def kept_checkpoint(file: Path, key: VerifyingKey) -> Checkpoint:
    """A checkpoint that somebody kept; of a file with several, the last. Raises: UsageError."""
    from storage.checkpoints import BadCheckpoint, read_checkpoint

    try:
        blocks = file.read_text("utf-8").rstrip("\n").split("\n\n")
        note = "\n\n".join(blocks[-2:]) + "\n"
        return read_checkpoint(note, key)
    except (BadCheckpoint, OSError, UnicodeDecodeError) as fault:
        raise click.UsageError(f"'{file}' holds no checkpoint of this log: {fault}") from None


@contextmanager
def writing(file: Path) -> Iterator[Callable[[str], Any]]:
    """A new file in the place of an old one, once all of it is there."""
    beside = file.with_name(file.name + ".new")
    try:
        with gzip.open(beside, "wt", encoding="utf-8") if packed(file) else beside.open("w", encoding="utf-8") as new:
            yield new.write
        beside.replace(file)
    except OSError as fault:
        raise click.UsageError(f"cannot write '{file}' ({fault.strerror}); name another file") from None
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def reading(file: Path) -> Iterator[Iterator[str]]:
    """The lines of a file; bytes that are no text are read as marks, which no signature fits."""
    try:
        with gzip.open(file, "rb") if packed(file) else file.open("rb") as raw:
            yield (line.decode("utf-8", "replace") for line in raw)
    except (OSError, EOFError, zlib.error):
        raise click.UsageError(f"cannot read '{file}' to its end; it may have been cut") from None


def packed(file: Path) -> bool:
    """Whether a file is compressed, by its name."""
    return file.suffix == ".gz"
