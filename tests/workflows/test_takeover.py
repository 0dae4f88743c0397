from __future__ import annotations

import threading

import psycopg
import pytest

from workflows.takeover import Life, Timings, new_executor

SOON = Timings(0.02, 30, 40, 50)


@pytest.mark.parametrize("timings", [(1, 6, 6, 9), (1, 7, 6, 9), (5, 4, 6, 9), (1, 4, 6, 5)])
def test_limits_under_which_two_could_have_the_same_work_are_refused(timings: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="heartbeat < watch < grace < hard"):
        Timings(*timings)


def test_no_worker_has_the_id_of_another() -> None:
    assert len({new_executor() for _ in range(100)}) == 100
    assert all(len(new_executor()) < 64 for _ in range(3))


def test_a_life_holds_its_lock_beats_and_leaves_what_it_has_to_others(database: str) -> None:
    life = Life(database, new_executor(), "1", lambda _: 0, SOON)
    asked = "select count(*) from pg_locks where locktype = 'advisory' and objid = %s"
    with psycopg.connect(database, autocommit=True) as session:
        held = session.execute(asked, (life.id,)).fetchone()
        life.end()
        rows = session.execute("select ended_at is not null, heartbeat_at = '-infinity' from worker").fetchall()

    assert held == (1,)
    assert rows == [(True, True)]


def test_a_life_whose_session_is_gone_is_over(database: str) -> None:
    died = threading.Event()
    said: list[str] = []

    def die(reason: str) -> None:
        said.append(reason)
        died.set()

    life = Life(database, new_executor(), "1", lambda _: 0, SOON, die)
    life.start()
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("select pg_terminate_backend(backend_pid, 1000) from worker")

    assert died.wait(30)
    life.end()
    assert "its heartbeat failed" in said[0]


def test_a_life_that_cannot_be_seen_for_too_long_is_over(database: str) -> None:
    died = threading.Event()
    timings = Timings(0.02, 0.3, 40, 50)
    life = Life(database, new_executor(), "1", lambda _: 0, timings, lambda _: died.set())
    with psycopg.connect(database) as session:
        # Nobody can write a heartbeat while the row is held.
        session.execute("select 1 from worker for update")
        life.start()

        assert died.wait(30)

    life.end()


def test_a_death_counts_towards_poison_only_for_what_was_not_waiting_for_something_else(database: str) -> None:
    begun = "select dbos.enqueue_workflow(workflow_name => 'any', queue_name => 'q', workflow_id => %s)"
    held = "update dbos.workflow_status set status = 'PENDING', executor_id = 'dead', recovery_attempts = 5"
    recovered = threading.Event()
    dead: list[str] = []

    def recover(executor: str) -> int:
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("update dbos.workflow_status set executor_id = 'next' where executor_id = 'dead'")
        dead.append(executor)
        recovered.set()
        return 4

    with psycopg.connect(database, autocommit=True) as session:
        for name in ("waits", "waited for", "waits no more", "ended", "works"):
            session.execute(begun, (name,))
        session.execute(f"{held} where workflow_uuid in ('waits', 'waits no more', 'works', 'waited for')")
        owned = "update dbos.workflow_status set parent_workflow_id = %s, status = %s where workflow_uuid = %s"
        session.execute(owned, ("waits", "PENDING", "waited for"))
        session.execute(owned, ("waits no more", "SUCCESS", "ended"))
        session.execute(
            "insert into worker (executor_id, version, host, os_pid, backend_pid, heartbeat_at)"
            " values ('dead', '1', 'h', 1, 1, '-infinity')"
        )
        life = Life(database, new_executor(), "1", recover, SOON)
        life.start()
        assert recovered.wait(30)
        asked = session.execute("select workflow_uuid, recovery_attempts from dbos.workflow_status")
        rows = {str(name): int(count) for name, count in asked}
        life.end()

    assert dead == ["dead"]
    assert rows == {"waits": 4, "waited for": 5, "waits no more": 5, "works": 5, "ended": 0}
