"""What an operator sets, as one frozen record: read once at the start, handed in, never looked up later."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from api.limits import LimitSettings
from api.sign_on import SignOn
from credit.dates import IsBusinessDay
from storage.people import Lifetime

LARGEST_BODY = 256 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """How this service runs.

    `database` is the SQLite file or the URL of a PostgreSQL database; `pepper` is the server's part of every API key's
    digest, at least 32 bytes, kept outside the database; keys made with `previous_pepper` are good as well while the
    pepper is being changed. `allow_single` lets one engine approve alone where the second
    is not installed. `reservation_hours` is how long an approval holds exposure, `sweep_seconds` the time between two
    looks for expired ones; `page_size` is the default of lists, `offers_each_minute` how many answers with
    counter-offers each client gets in a minute from each process. `referral_hours` is how long a referral waits,
    `rate_days` how many days old an exchange rate may be for an approval, `retention_days` how many days behind its own
    a decision's record is kept whatever is asked (0: while it is needed). `/metrics` is told at `metrics_port` alone
    (None: nowhere), from counts that the processes keep in `metrics_folder` (None: one process, in its memory).
    The service is not ready when an entry of the transparency log waits longer than `log_delay_seconds` for its leaf or
    its signature (None: not looked at). People sign on by the provider of `sign_on` as well (None: by passwords alone).
    `webhooks_inside` lets letters be posted to web addresses inside of the firm's own network; `sender` stands below
    letters that people print, whose own texts lie in `letters` (None: the shipped ones alone). An invoice whose terms
    give a day that is no business day of `due_calendar` is due on the next one (None: on the day of the terms).
    """

    database: str
    pepper: bytes = field(repr=False)
    allow_single: bool = False
    reservation_hours: int = 72
    sweep_seconds: float = 30.0
    largest_body: int = LARGEST_BODY
    page_size: int = 50
    previous_pepper: bytes | None = field(default=None, repr=False)
    limits: LimitSettings = LimitSettings()
    session_lifetime: Lifetime = Lifetime(idle=timedelta(minutes=30), longest=timedelta(hours=12))
    offers_each_minute: int = 30
    referral_hours: int = 336
    rate_days: int = 7
    metrics_port: int | None = None
    metrics_folder: Path | None = None
    log_delay_seconds: float | None = None
    sign_on: SignOn | None = None
    retention_days: int = 0
    webhooks_inside: bool = False
    sender: str = ""
    letters: Path | None = None
    due_calendar: IsBusinessDay | None = None

    def __post_init__(self) -> None:
        for pepper in (self.pepper, self.previous_pepper):
            assert pepper is None or len(pepper) >= 32, "a pepper has at least 32 bytes"
        assert self.reservation_hours > 0 and self.referral_hours > 0
        assert self.rate_days >= 0 and self.retention_days >= 0
        assert self.sweep_seconds > 0 and 0 < self.page_size <= 200
