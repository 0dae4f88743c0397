"""Brings a database to this version: our tables by Alembic, the durable engine's by its own call."""

from __future__ import annotations

import logging
from pathlib import Path
from time import sleep

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from workflows.store import desk_tables, event_tables, tables
from workflows.store.columns import metadata
from workflows.store.opening import driver_url, plain_url

log = logging.getLogger(__name__)

TABLES = (tables, desk_tables, event_tables)
"""Who declares tables: importing them is what fills the metadata."""
LOOK_EVERY = 0.1
_SCRIPTS = str(Path(__file__).parent / "migrations")
_ONE_AT_A_TIME = 0x52564D
"""The advisory lock under which a database is migrated."""


class NotMigratedError(Exception):
    """The database is not at this version; the text says what to run."""


class CannotMigrateError(Exception):
    """The database could not be brought to this version; the text says why, and holds no password."""


def migrate(url: str) -> bool:
    """Bring the database to this version; whoever comes second waits, and finds nothing to do.

    False where it is at a newer version: that is left alone. CannotMigrateError in words.
    """
    try:
        return _migrated(url)
    except (psycopg.Error, DBAPIError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise CannotMigrateError(f"{_meaning(reason)}: {_first_line(reason)}") from error


def _meaning(reason: BaseException | None) -> str:
    if isinstance(reason, psycopg.errors.InsufficientPrivilege):
        return "The role of DATABASE_URL has to own its database, and may not make tables in it"
    reached = not isinstance(reason, psycopg.OperationalError)
    return "The database did not do it" if reached else "The database cannot be reached"


def _first_line(reason: BaseException | None) -> str:
    return str(reason).strip().partition("\n")[0]


def _migrated(url: str) -> bool:
    from dbos import DBOS  # noqa: PLC0415 - it takes half a second to load, and few processes migrate

    with psycopg.connect(plain_url(url), autocommit=True) as session:
        # Asked again and again: a session that waits inside the statement would hold up `create index concurrently`.
        while session.execute("select pg_try_advisory_lock(%s)", (_ONE_AT_A_TIME,)).fetchone() != (True,):
            sleep(LOOK_EVERY)
        if _is_newer(revision(url)):
            return False
        command.upgrade(configuration(url), "head")
        DBOS.migrate(plain_url(url), schema="dbos")
    return True


def require_migrated(url: str) -> None:
    """Pass when the database is at this version or a newer one; NotMigratedError in words otherwise.

    Migrations leave what the version before needs, so that its processes may still be started while they are replaced.
    """
    wanted, found = newest(), revision(url)
    if _is_newer(found):
        log.warning("The database is at revision %s: it belongs to a newer version of Revgraph than this one", found)
    elif found != wanted:
        raise NotMigratedError(
            f"The database is at revision {found or 'nothing'}, and this version of Revgraph needs {wanted}. "
            "Run `revgraph migrate` with the same DATABASE_URL first."
        )


def newest() -> str | None:
    """The revision that this version makes."""
    return _scripts().get_current_head()


def _is_newer(found: str | None) -> bool:
    """Revisions are never taken back: one that is not known here is of a newer version."""
    return found is not None and found not in {script.revision for script in _scripts().walk_revisions()}


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    return ScriptDirectory.from_config(config)


def revision(url: str) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with psycopg.connect(plain_url(url), connect_timeout=5) as session:
        there = session.execute("select to_regclass('public.alembic_version')").fetchone()
        if there is None or there[0] is None:
            return None
        row = session.execute("select version_num from public.alembic_version").fetchone()
    return str(row[0]) if row else None


def configuration(url: str) -> Config:
    """Alembic's configuration; there is no file for it."""
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    # Alembic reads its options with configparser, to which a percent sign is special.
    config.set_main_option("sqlalchemy.url", driver_url(url).render_as_string(hide_password=False).replace("%", "%%"))
    return config


def differences(url: str) -> list[object]:
    """What the migrated tables lack of those that the code declares, or have beyond them."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - only looked into by tests and the doctor
    from alembic.migration import MigrationContext  # noqa: PLC0415

    engine = create_engine(driver_url(url))
    try:
        with engine.connect() as connection:
            connection.execute(text("set search_path to public"))
            found: list[object] = list(compare_metadata(MigrationContext.configure(connection), metadata))
    finally:
        engine.dispose()
    return found
