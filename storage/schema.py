"""The tables' versions: bringing a database up to what this program knows, and saying whether it is there.

Migrations run by Alembic inside one write transaction, one at a time: all steps, or none. Alembic itself is loaded when
it has steps to run: every command and every probe asks for the version, and reads it without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect

from storage.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

VERSIONS = "alembic_version"  # Alembic's own table, with one row
STEP = re.compile(r"(\d{4})_\w+\.py")


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables to a revision, by default the newest; a database that is there already is left as it is."""
    from alembic.command import upgrade as run

    move(database, run, revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the tables back to an older revision; "base" removes them all, with everything in them."""
    from alembic.command import downgrade as run

    move(database, run, revision)


def move(database: Database, run: Callable[[Config, str], None], revision: str) -> None:
    """Run the steps to a revision in the one transaction of a migration."""
    with database.migrating() as connection:
        run(configuration(connection), revision)


def current_revision(database: Database) -> str | None:
    """The revision that the database is at, None where it has no tables yet."""
    with database.looking() as connection:
        if not inspect(connection).has_table(VERSIONS):
            return None
        found: str | None = connection.exec_driver_sql(f"SELECT version_num FROM {VERSIONS}").scalar_one_or_none()
        return found


@cache
def newest_revision() -> str:
    """The revision that this program wants; it cannot change while the program runs."""
    return max(steps())


def is_known(revision: str) -> bool:
    """Say whether this program has the step that leads to a revision; a newer program's it has not."""
    return revision in steps()


def steps() -> frozenset[str]:
    """The revisions that this program has the steps to; each step's file begins with its revision."""
    names = (STEP.fullmatch(one.name) for one in (files("storage.migrations") / "versions").iterdir())
    return frozenset(found[1] for found in names if found)


def is_current(database: Database) -> bool:
    """Say whether the database has exactly the tables that this program wants."""
    return current_revision(database) == newest_revision()


def configuration(connection: Connection | None) -> Config:
    """Alembic's settings, made here so that no file is needed; the scripts lie inside the installed package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("storage.migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
