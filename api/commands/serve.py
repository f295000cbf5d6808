"""`aval serve`: the HTTP service on a database, or a demo that prepares its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from api.commands.database import (
    DATABASE,
    database_option,
    due_calendar_option,
    opened,
    pepper_of,
    pepper_option,
    previous_pepper_option,
    rate_days_option,
    retention_days_option,
)
from api.commands.letters import templates_option
from api.commands.log import places_of, places_option
from api.commands.log_key import key_file, log_key_option
from api.commands.sign_on import read_sign_on, sign_on_options
from credit.dates import IsBusinessDay

DEMO_DATABASE = "var/demo.db"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), envvar="PORT", default=8080, show_default=True,
              help="The port to listen on.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="How many processes.")
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="How many in each of them.")
@click.option("--requests-per-worker", type=click.IntRange(0, 10_000_000), default=20_000, show_default=True,
              help="Replace a process after about so many requests; 0 for never.")  # fmt: skip
@click.option("--metrics", metavar="HOST:PORT", envvar="AVAL_METRICS", show_envvar=True,
              help="Tell figures for Prometheus at /metrics of this address; without it nowhere.")  # fmt: skip
@click.option("--demo", is_flag=True, help="Prepare the shipped policies, a small book and keys first.")
@click.option("--allow-single", is_flag=True, envvar="AVAL_ALLOW_SINGLE", show_envvar=True,
              help="Let one engine approve alone where the second is not installed.")  # fmt: skip
@click.option("--requests-per-minute", type=click.IntRange(0, 10_000_000), default=6000, show_default=True,
              envvar="AVAL_REQUESTS_PER_MINUTE", show_envvar=True,
              help="How often one client may ask; 0 sets no limit.")  # fmt: skip
@click.option("--failures-per-minute", type=click.IntRange(0, 10_000_000), default=30, show_default=True,
              envvar="AVAL_FAILURES_PER_MINUTE", show_envvar=True,
              help="How many keys or sign-ins of one address or name may be wrong; 0 sets no limit.")  # fmt: skip
@rate_days_option
@retention_days_option
@click.option("--keeper/--no-keeper", default=True, show_default=True,
              help="Keep the transparency log in a process beside, or leave it to 'aval log run'.")  # fmt: skip
@click.option("--log-delay", type=click.IntRange(0, 86_400), metavar="SECONDS", default=10, show_default=True,
              help="Not ready when an entry of the log waits longer; 0: not looked at.")  # fmt: skip
@click.option("--sender", metavar="NAME", envvar="AVAL_SENDER", show_envvar=True, default="",
              help="The name that stands below letters that people print.")  # fmt: skip
@click.option("--webhooks-inside", is_flag=True, envvar="AVAL_WEBHOOKS_INSIDE", show_envvar=True,
              help="Let contacts have web addresses inside of the firm's own network.")  # fmt: skip
@due_calendar_option
@templates_option
@sign_on_options
@places_option
@log_key_option
@database_option
@pepper_option
@previous_pepper_option
def serve(host: str, port: int, workers: int, threads: int, requests_per_worker: int, metrics: str | None, demo: bool,
          allow_single: bool, requests_per_minute: int, failures_per_minute: int, rate_days: int, retention_days: int,
          keeper: bool, log_delay: int, places: tuple[str, ...], log_key: str | None, database: str,
          pepper: str | None, previous_pepper: bytes | None, sender: str, webhooks_inside: bool, folder: Path | None,
          due_calendar: IsBusinessDay | None, **sign_on: Any) -> None:  # fmt: skip
    """Answer order systems over HTTP until told to stop."""
    from api.app import create_app
    from api.limits import LimitSettings
    from api.metrics import folder_for_counts, read_address
    from api.serve import Listening
    from api.serve import serve as run
    from api.settings import Settings

    if demo and database == DATABASE:
        database = DEMO_DATABASE
    try:
        told_at = None if metrics is None else read_address(metrics)
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    settings = Settings(database=database, pepper=pepper_of(database, pepper), allow_single=allow_single,
                        previous_pepper=previous_pepper, rate_days=rate_days, log_delay_seconds=log_delay or None,
                        sign_on=read_sign_on(sign_on), retention_days=retention_days, sender=sender.strip(),
                        webhooks_inside=webhooks_inside, letters=folder, due_calendar=due_calendar,
                        limits=LimitSettings(requests_per_minute, failures_per_minute, workers))  # fmt: skip
    if demo:
        from api.demo import prepare

        prepare(settings, sys.stdout, f"http://{host}:{port}")
        sys.stdout.flush()
    with opened(database):
        click.echo(f"aval: listening on http://{host}:{port}", err=True)
    kept = keeper_beside(database, log_key, places, demo) if keeper else nullcontext()
    listening = Listening(host, port, workers, threads, requests_per_worker, told_at)
    with kept, folder_for_counts(told_at) as folder:
        counted = replace(settings, metrics_folder=folder, metrics_port=None if told_at is None else told_at[1])
        run(create_app(counted), listening)


@contextmanager
def keeper_beside(database: str, log_key: str | None, places: tuple[str, ...], demo: bool) -> Iterator[None]:
    """The log's keeper in a process of its own, as long as the block lasts; none where there is no key yet."""
    from api.keeper_process import KeeperProcess
    from api.log_keys import make_log_key

    places_of(places)
    path = key_file(database, log_key)
    if demo and not path.exists():
        make_log_key(path, "demo.aval/log")
    if not path.exists():
        click.echo(f"aval: nobody signs the log: there is no key in {path}; "
                   "make one with: aval log create-key --name NAME", err=True)  # fmt: skip
        yield
        return
    arguments = ["--database", database, "--log-key", str(path)]
    for place in places:
        arguments += ["--checkpoints-to", place]
    process = KeeperProcess(arguments)
    process.start()
    try:
        yield
    finally:
        process.stop()
