from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.fakes.postgres import HURRIED, running
from workflows.store import embedded
from workflows.store.embedded import Embedded, NoPostgresError


@pytest.fixture
def place() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="rg-"))
    yield made
    shutil.rmtree(made)


def test_what_was_written_is_there_after_the_next_start(place: Path) -> None:
    cluster = Embedded(place, HURRIED)
    with running(cluster), psycopg.connect(cluster.ensure_database(), autocommit=True) as session:
        session.execute("create table kept (word text)")

    with running(cluster), psycopg.connect(cluster.ensure_database()) as session:
        assert session.execute("select count(*) from kept").fetchone() == (0,)


def test_a_server_that_outlived_its_supervisor_is_ended_before_the_next_one_starts(place: Path) -> None:
    cluster = Embedded(place, HURRIED)
    with running(cluster) as orphan, running(cluster) as next_one:
        assert orphan.wait(30) == 0
        assert next_one.poll() is None


def test_a_pid_file_of_a_machine_that_lost_its_power_is_no_orphan(place: Path) -> None:
    cluster = Embedded(place, HURRIED)
    with running(cluster) as server:
        server.send_signal(signal.SIGKILL)
        server.wait(30)

    with running(cluster):
        assert cluster.answers()


def test_a_long_path_gets_a_short_socket(place: Path) -> None:
    deep = place / ("d" * 60) / ("e" * 60)

    cluster = Embedded(deep)

    assert len(str(cluster.sockets)) < 100
    assert cluster.sockets.parent == Path(tempfile.gettempdir())
    assert cluster.sockets != Embedded(deep / "other").sockets


def test_only_whoever_started_it_can_reach_it(place: Path) -> None:
    cluster = Embedded(place, HURRIED)

    with running(cluster):
        mode = cluster.files.stat().st_mode & 0o777
        with psycopg.connect(cluster.url("postgres")) as session:
            listening = session.execute("show listen_addresses").fetchone()

    assert mode == 0o700
    assert listening == ("",)


def test_a_machine_without_postgresql_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_places", lambda: iter([Path("/nowhere")]))

    with pytest.raises(NoPostgresError, match="Set DATABASE_URL to one"):
        embedded.programs()


def test_it_does_not_run_as_root(place: Path) -> None:
    account = Embedded(place).account

    assert (account is None) == (os.geteuid() != 0)
    if account:
        ran = subprocess.run(["id", "-un"], user=account.user, group=account.group, capture_output=True, check=True)
        assert ran.stdout == b"nobody\n"
