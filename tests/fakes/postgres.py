"""One PostgreSQL a test run, and a database of its own for each test, cloned from a migrated one."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import sleep

import psycopg

from workflows.store import desk_tables, event_tables, tables
from workflows.store.columns import metadata
from workflows.store.embedded import Embedded
from workflows.store.migrating import migrate

# Nothing here has to outlive a power cut.
HURRIED = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "256MB"}
TEMPLATE = "template_revgraph"
SHARED = "shared_revgraph"
_ENGINES = ("dbos.workflow_input", "dbos.workflow_status")
"""What enqueueing writes to; only worker processes write more, and they get a database of their own."""


DECLARING = (tables, desk_tables, event_tables)
"""Whose import fills the metadata."""


class Databases:
    """Gives out databases that hold every table and no row."""

    def __init__(self, cluster: Embedded) -> None:
        self.cluster = cluster
        self._numbers = count(1)
        self._shared = False
        migrate(cluster.ensure_database(TEMPLATE))

    @contextmanager
    def one(self, template: str = TEMPLATE) -> Iterator[str]:
        """The address of a new database until the block ends."""
        name = f"test_{next(self._numbers)}"
        self._say(f"create database {name} template {template}")
        try:
            yield self.cluster.url(name)
        finally:
            self._say(f"drop database {name} with (force)")

    def swept(self) -> str:
        """The address of the one database that tests in one process share, without a row."""
        url = self.cluster.url(SHARED)
        if not self._shared:
            self._say(f"create database {SHARED} template {TEMPLATE}")
            self._shared = True
        with psycopg.connect(url, autocommit=True) as session:
            for table in [*(table.name for table in reversed(metadata.sorted_tables)), *_ENGINES]:
                session.execute(psycopg.sql.SQL("delete from {}").format(psycopg.sql.Identifier(*table.split("."))))
        return url

    def _say(self, sentence: str) -> None:
        with psycopg.connect(self.cluster.url("postgres"), autocommit=True) as session:
            session.execute(sentence.encode())


@contextmanager
def running(cluster: Embedded) -> Iterator[subprocess.Popen[bytes]]:
    """The cluster's server until the block ends."""
    cluster.prepare()
    who = cluster.account
    with (cluster.state / "postgres.log").open("wb") as log:
        server = subprocess.Popen(
            cluster.command,
            stdout=log,
            stderr=log,
            user=who.user if who else None,
            group=who.group if who else None,
            extra_groups=[] if who else None,
        )
    try:
        while not cluster.answers():
            assert server.poll() is None, (cluster.state / "postgres.log").read_text()
            sleep(0.02)
        yield server
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGINT)
        server.wait(30)


@contextmanager
def databases() -> Iterator[Databases]:
    """A server in a directory of its own, with a short path and no trace left."""
    place = Path(tempfile.mkdtemp(prefix="rg-"))
    try:
        cluster = Embedded(place, HURRIED)
        with running(cluster):
            yield Databases(cluster)
    finally:
        shutil.rmtree(place)
