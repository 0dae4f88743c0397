from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.demo import answers, free_port
from tests.house.tree import ROOT

UP = "Ctrl-C ends it all."


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any], int, str]]:
    ready, port = tmp_path / "ready.json", free_port()
    ready.write_text("of an earlier start")
    command = [sys.executable, "-m", "gateway.cli", "demo", "--port", str(port), "--ready-file", str(ready)]
    with subprocess.Popen(
        [*command, "--state", str(tmp_path / "state")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        try:
            said = ""
            assert running.stdout is not None
            for line in running.stdout:
                said += line
                if UP in line:
                    break
            assert UP in said, said
            yield running, json.loads(ready.read_text()), port, said
        finally:
            running.terminate()
            running.wait(30)


def test_the_demo_answers_what_it_invites_to_and_ends_when_it_is_told_to(
    demo: tuple[subprocess.Popen[str], dict[str, Any], int, str], tmp_path: Path
) -> None:
    running, ready, port, said = demo

    asked = httpx.post(
        ready["graphql"],
        json={"query": "query ($id: ID!) { order(by: { id: $id }) { id number } }", "variables": ready["orders"][0]},
        headers={"Authorization": f"Bearer {ready['token']}"},
    )
    control = httpx.get(ready["control"] + "/systems")
    posting = httpx.get(ready["control"] + "/webhooks").json()
    running.send_signal(signal.SIGTERM)
    code = running.wait(30)

    assert ready["graphql"] == f"http://127.0.0.1:{port}/graphql"
    assert ready["console"] is None
    assert not (tmp_path / "state" / "redis.sock").exists()
    assert len(ready["orders"]) == 5
    assert all(order["id"] and order["number"] and order["salesforce"] for order in ready["orders"])
    assert asked.json() == {"data": {"order": {"id": ready["orders"][0]["id"], "number": ready["orders"][0]["number"]}}}
    assert len(control.json()) == 3
    assert {name: one["url"] for name, one in posting.items()} == {
        one["name"]: f"http://127.0.0.1:{port}/webhooks/{one['name']}" for one in control.json()
    }
    assert f"curl -s {ready['graphql']}" in said
    assert code == 0
    assert not answers(port)
