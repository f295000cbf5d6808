"""The tables' versions: bringing a database up to what this program knows, and saying whether it is there.

Migrations run by Alembic inside one write transaction, one at a time: all steps, or none.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage.database import Database


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables to a revision, by default the newest; a database that is there already is left as it is."""
    with database.migrating() as connection:
        command.upgrade(configuration(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the tables back to an older revision; "base" removes them all, with everything in them."""
    with database.migrating() as connection:
        command.downgrade(configuration(connection), revision)


def current_revision(database: Database) -> str | None:
    """The revision that the database is at, None where it has no tables yet."""
    with database.looking() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def newest_revision() -> str:
    """The revision that this program wants; it cannot change while the program runs."""
    newest = ScriptDirectory.from_config(configuration(None)).get_current_head()
    assert newest is not None
    return newest


def is_known(revision: str) -> bool:
    """Say whether this program has the step that leads to a revision; a newer program's it has not."""
    scripts = ScriptDirectory.from_config(configuration(None))
    return revision in {step.revision for step in scripts.walk_revisions()}


def is_current(database: Database) -> bool:
    """Say whether the database has exactly the tables that this program wants."""
    return current_revision(database) == newest_revision()


def configuration(connection: Connection | None) -> Config:
    """Alembic's settings, made here so that no file is needed; the scripts lie inside the installed package."""
    config = Config()
    config.set_main_option("script_location", str(files("storage.migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
