from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from graphql import parse, validate

from gateway.children import ChildEndedError, Children, StoppedError
from gateway.demo import Demo, answers, free_port, invitation, write_ready
from gateway.outliving import begin_anew_for, start_database
from schema import build_schema

ORDERS = [{"id": "T3JkZXI", "number": "4711", "salesforce": "8011", "erp": "s4", "erpNumber": "4711"}]
DEMO = Demo("http://127.0.0.1:8123/graphql", "the.token", "http://127.0.0.1:9000", ORDERS)
WAIT = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()",
]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_ready_file_is_written_whole(tmp_path: Path) -> None:
    write_ready(tmp_path / "deep" / "ready.json", DEMO)

    assert json.loads((tmp_path / "deep" / "ready.json").read_text()) == {
        "graphql": "http://127.0.0.1:8123/graphql",
        "token": "the.token",
        "control": "http://127.0.0.1:9000",
        "console": None,
        "orders": ORDERS,
    }
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["ready.json"]


def test_the_invitation_holds_a_command_to_paste() -> None:
    said = invitation(DEMO)

    [command] = [line for line in said.splitlines() if line.startswith("curl")]
    assert "http://127.0.0.1:8123/graphql" in command
    assert "Authorization: Bearer the.token" in command
    assert 'id: \\"T3JkZXI\\"' in command


def test_the_invitation_holds_an_order_to_hand_in_where_one_would_be_taken() -> None:
    order = {"customer": {"crmId": "001"}, "currencyCode": "EUR", "lines": [{"sku": "O'Ring", "quantity": 1}]}

    said = invitation(replace(DEMO, first_order=order))

    [_, command] = [line for line in said.splitlines() if line.startswith("curl")]
    [*_, body] = shlex.split(command)
    asked = json.loads(body)
    assert asked["variables"]["input"] == order
    assert len(asked["variables"]["key"]) >= 16
    assert validate(build_schema()._schema, parse(asked["query"])) == []


def test_children_are_ended_by_their_ids_when_the_block_ends(tmp_path: Path) -> None:
    with Children() as children:
        child = children.start("one", WAIT, tmp_path / "one.log")
        children.wait_until("its start", lambda: child.last_words() == "up", 20)

    assert child.running.returncode == -signal.SIGTERM
    assert not alive(child.running.pid)


def test_a_child_that_will_not_end_in_its_time_is_killed(tmp_path: Path) -> None:
    with Children() as children:
        child = children.start("one", STUBBORN, tmp_path / "one.log", end_within=0.2)
        children.wait_until("its start", lambda: child.last_words() == "up", 20)

    assert child.running.returncode == -signal.SIGKILL


def test_a_child_is_asked_to_end_in_its_own_way(tmp_path: Path) -> None:
    with Children() as children:
        child = children.start("one", WAIT, tmp_path / "one.log", ended_by=signal.SIGINT)
        children.wait_until("its start", lambda: child.last_words() == "up", 20)

    assert "KeyboardInterrupt" in child.last_words()


def test_a_ledger_of_another_story_is_emptied_and_one_of_the_same_is_kept(tmp_path: Path) -> None:
    state = Path(tempfile.mkdtemp(prefix="rg-"))
    with Children() as children:
        url = start_database(children, state)
        begin_anew_for(state, "one story")
        written = "insert into takeover (dead, taken_by, workflows) values ('a', 'b', 1)"
        count = "select count(*) from takeover"
        with psycopg.connect(url, autocommit=True) as session:
            session.execute(written)
        begin_anew_for(state, "one story")
        with psycopg.connect(url) as session:
            kept = session.execute(count).fetchone()
        begin_anew_for(state, "another story")
        with psycopg.connect(url) as session:
            emptied = session.execute(count).fetchone()
    shutil.rmtree(state)

    assert kept == (1,)
    assert emptied == (0,)


def watched(log: Path, *command: str) -> None:
    with Children() as children:
        children.start("one", [sys.executable, *command], log)
        children.watch()


def stopped(log: Path, started: list[int]) -> None:
    with Children() as children:
        started.append(children.start("one", WAIT, log).running.pid)
        os.kill(os.getpid(), signal.SIGTERM)
        children.wait_until("what never comes", lambda: False, 20)


def delayed(log: Path) -> None:
    with Children() as children:
        children.start("one", WAIT, log)
        children.wait_until("its start", lambda: False, 0.1)


def test_a_child_that_ends_by_itself_is_named_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ChildEndedError, match=r"(?s)The one ended by itself \(code 3\).*out of ideas"):
        watched(tmp_path / "one.log", "-c", "print('out of ideas'); raise SystemExit(3)")


def test_a_signal_ends_the_waiting_and_the_children(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    started: list[int] = []

    with pytest.raises(StoppedError):
        stopped(tmp_path / "one.log", started)

    assert not alive(started[0])
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_takes_too_long_is_said_with_the_logs_to_look_into(tmp_path: Path) -> None:
    with pytest.raises(ChildEndedError, match=r"its start took longer than 0\.1 seconds.*one\.log"):
        delayed(tmp_path / "one.log")


def test_nobody_answers_at_a_free_port() -> None:
    assert not answers(free_port())
