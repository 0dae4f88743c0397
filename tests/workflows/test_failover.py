"""A standby that takes over: the log goes on under another epoch before a position is given twice."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from canonical.errors import Mistake
from tests.fakes.events import Telling, happened
from tests.fakes.postgres import HURRIED, running
from tests.fakes.waiting import until
from workflows.log import Standing, renew_epoch, standing
from workflows.relay import Relay
from workflows.store.embedded import Embedded, programs
from workflows.store.migrating import migrate
from workflows.store.opening import Store

SETTINGS = {**HURRIED, "wal_level": "replica", "hot_standby": "on", "checkpoint_timeout": "1h"}
"""The checkpoint after a promotion takes its time, as it does in a database of some size."""


@pytest.fixture
def place() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="rg-"))
    yield made
    shutil.rmtree(made)


def run(cluster: Embedded, program: str, *words: str) -> None:
    """Run one of PostgreSQL's programs as the one whom the cluster belongs to."""
    who = cluster.account
    user, group, extra = (who.user, who.group, ()) if who else (None, None, None)
    command = [str(programs() / program), *words]
    subprocess.run(command, cwd="/", check=True, capture_output=True, user=user, group=group, extra_groups=extra)


def standby_of(primary: Embedded, place: Path) -> Embedded:
    """A copy that follows the primary once it is started."""
    found = Embedded(place, SETTINGS)
    place.mkdir()
    if found.account:
        shutil.chown(place, found.account.user, found.account.group)
    source = f"host={primary.sockets} user=postgres"
    run(found, "pg_basebackup", "-d", source, "-D", str(found.files), "-R", "-X", "stream", "-c", "fast", "--no-sync")
    for left in found.files.glob(".s.PGSQL.*"):
        left.unlink()  # the primary's own socket, which is among its files
    return found


def asked(cluster: Embedded, question: str) -> str:
    """The answer to a question that has one value."""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as session:
        row = session.execute(question.encode()).fetchone()
    return str(row[0]) if row else ""


@asynccontextmanager
async def opened(cluster: Embedded) -> AsyncIterator[Telling]:
    """The log in this cluster."""
    store = Store(cluster.url())
    try:
        yield Telling(store, Relay(store, "acme"))
    finally:
        await store.close()


async def stands(telling: Telling) -> Standing:
    async with telling.store.transaction() as transaction:
        return await standing(transaction)


async def begins(telling: Telling) -> bool:
    """What a worker does at its start."""
    async with telling.store.transaction() as transaction:
        return await renew_epoch(transaction)


@pytest.mark.parametrize("worker_starts", [False, True])
async def test_what_a_standby_tells_after_it_took_over_is_not_behind_a_cursor_of_before(
    place: Path, worker_starts: bool
) -> None:
    primary = Embedded(place / "a", SETTINGS)
    with running(primary) as server:
        standby = standby_of(primary, place / "b")
        with running(standby):
            migrate(primary.ensure_database())
            async with opened(primary) as telling:
                await begins(telling)
                await telling.log(happened("one"), happened("two"))
                there = asked(primary, "select pg_current_wal_insert_lsn()")
                await until(lambda: asked(standby, f"select pg_last_wal_replay_lsn() >= '{there}'") == "True")
                run(standby, "pg_ctl", "promote", "-w", "-D", str(standby.files))
                await telling.log(happened("lost"))
                old = await stands(telling)
            server.send_signal(signal.SIGQUIT)

            async with opened(standby) as telling:
                renewed = worker_starts and await begins(telling)
                await telling.log(happened("other"))
                told = await stands(telling)
                again = await begins(telling)

    assert renewed == worker_starts
    with pytest.raises(Mistake, match="restored or begun anew"):
        told.check(old.cursor)
    assert (old.head, told.head) == (3, 3)
    assert not again
