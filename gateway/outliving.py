"""What outlives a request, started beside a gateway: a database of our own, and one worker."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Final

import psycopg

from gateway.children import Child, Children
from gateway.leaving import end_within
from gateway.settings import Settings
from workflows.store.embedded import DATABASE, Embedded
from workflows.store.migrating import migrate

START_WITHIN: Final = 60.0
_LIVING: Final = (
    "select 1 from worker where ended_at is null and heartbeat_at > clock_timestamp() - interval '5 seconds'"
)


def start_database(children: Children, state: Path) -> str:
    """Start the database of the state directory, migrated; how to reach it. May raise NoPostgresError."""
    start_cluster(children, state)
    url = Embedded(state).ensure_database()
    migrate(url)
    return url


def start_cluster(children: Children, state: Path) -> Child:
    """Start the PostgreSQL of the state directory, on the files that it has; it answers then."""
    cluster = Embedded(state)
    cluster.prepare()
    account = cluster.account
    child = children.start(
        "database",
        cluster.command,
        state / "database.log",
        account=(account.user, account.group) if account else None,
        # To PostgreSQL this says: end now, cleanly, whoever is connected.
        ended_by=signal.SIGINT,
    )
    children.wait_until("The database's start", cluster.answers, START_WITHIN)
    return child


def begin_anew_for(state: Path, story: str) -> None:
    """Empty the database where it was kept for another story: a ledger that outlives its systems lies."""
    kept = state / "ledger.json"
    if kept.exists() and json.loads(kept.read_text("utf-8")) != story:
        cluster = Embedded(state)
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as session:
            session.execute(psycopg.sql.SQL("drop database {} with (force)").format(psycopg.sql.Identifier(DATABASE)))
        migrate(cluster.ensure_database())
    kept.write_text(json.dumps(story), encoding="utf-8")


def start_worker(children: Children, landscape: Path, url: str, log: Path | None, wait: float) -> None:
    """Start one worker; it waits so many seconds for the landscape file to be there."""
    command = [sys.executable, "-m", "gateway.cli", "worker", "--landscape", str(landscape), "--wait", str(wait)]
    children.start("worker", command, log, {"REVGRAPH_DATABASE_URL": url})


def works(url: str) -> bool:
    """Whether a worker takes work."""
    try:
        with psycopg.connect(url, connect_timeout=2) as session:
            return session.execute(_LIVING).fetchone() is not None
    except psycopg.OperationalError:
        return False


def serve_beside(children: Children, settings: Settings, workers: int) -> None:
    """Start a database, a worker and the gateway, all of which say what they say where we do."""
    url = start_database(children, settings.state)
    start_worker(children, settings.landscape, url, None, 0)
    command = [sys.executable, "-m", "gateway.cli", "serve", "--workers", str(workers)]
    command += ["--host", settings.host, "--port", str(settings.port), "--landscape", str(settings.landscape)]
    command += ["--state", str(settings.state)]
    children.start("gateway", command, None, {"REVGRAPH_DATABASE_URL": url}, end_within=end_within(settings))
