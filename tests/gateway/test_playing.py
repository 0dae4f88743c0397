"""`revgraph sandbox play` tells what happens to orders, one line each, and ends what it began."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.playing import Control, ControlError, let_deliver, line, play
from sandbox.control import control_app
from sandbox.opening import Opened, Tale, open_all
from sources.kit.sandbox.contract import Emits
from sources.kit.sandbox.serving import serve_in_thread

TINY = Tale("s4hana", seed=5, deals=110, buyers=30)
URLS = dict.fromkeys(("salesforce", "sap-eu", "erp-us"), "http://127.0.0.1:1")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    opened = open_all(TINY, tmp_path_factory.mktemp("company"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def control(opened: Opened) -> Iterator[Control]:
    with serve_in_thread(control_app(opened, URLS)) as served:
        yield Control(served.url)


def test_each_happening_is_a_line_and_the_end_says_why(control: Control) -> None:
    told = list(play(control, {"speed": 50, "steps": 5, "seed": 3}, sleep=lambda _: None))

    assert len(told) == 6
    assert all(one.endswith(".") and ". Now " in one for one in told[:5])
    assert told[5] == "5 steps. All steps are done."


def test_whoever_stops_listening_ends_the_play(control: Control) -> None:
    lines = play(control, {"speed": 0.5, "seed": 3}, sleep=lambda _: None)
    next(lines)

    lines.close()

    seen = control.ask("GET", "/story/play")
    assert (seen["plays"], seen["ended"]) == (False, "It was asked to end.")


def test_a_happening_is_told_in_words_of_the_business() -> None:
    happening: dict[str, Any] = {
        "words": "Order 4711: 2 of 4 units left Hamburg (erp-eu delivery 800123)",
        "expected": "IN_FULFILLMENT",
    }

    assert line(happening) == ("Order 4711: 2 of 4 units left Hamburg (erp-eu delivery 800123). Now in fulfillment.")


def test_what_the_company_refuses_is_said_as_it_says_it(control: Control) -> None:
    with pytest.raises(ControlError, match="No order of the story has the key or number 'nobody'"):
        list(play(control, {"orders": ["nobody"]}))


def test_the_command_plays_a_company_that_runs(control: Control) -> None:
    said = CliRunner().invoke(app, ["sandbox", "play", "--control", control.url, "--speed", "50", "--steps", "2"])

    assert said.exit_code == 0
    assert said.output.splitlines()[-1] == "2 steps. All steps are done."


@pytest.mark.parametrize("before, behind", [(["--state"], []), ([], ["--state"])])
def test_the_command_finds_a_company_by_the_directory_that_it_was_started_with(
    control: Control, tmp_path: Path, before: list[str], behind: list[str]
) -> None:
    (tmp_path / "sandbox.json").write_text(json.dumps({"control": control.url}))
    given = [[*option, str(tmp_path)] if option else [] for option in (before, behind)]

    said = CliRunner().invoke(app, ["sandbox", *given[0], "play", *given[1], "--speed", "50", "--steps", "1"])

    assert said.exit_code == 0, said.output
    assert said.output.splitlines()[-1] == "1 steps. All steps are done."


def test_the_help_says_which_directory_is_meant() -> None:
    said = CliRunner().invoke(app, ["sandbox", "play", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output

    assert "--state" in said
    assert "The directory that the demo or sandbox was started with" in said


def test_every_system_that_posts_is_told_the_gateways_door(control: Control, opened: Opened) -> None:
    told = let_deliver(control, "http://127.0.0.1:9")

    seen = control.ask("GET", "/webhooks")
    for sandbox in opened.sandboxes.values():
        assert isinstance(sandbox, Emits)
        sandbox.send_to(None)
    assert told == ["erp-us", "salesforce", "sap-eu"]
    assert {name: one["url"] for name, one in seen.items()} == {
        name: f"http://127.0.0.1:9/webhooks/{name}" for name in told
    }


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["--control", "http://127.0.0.1:9"], 1, "No control port of a pretend company answers at http://127.0.0.1:9"),
        ([], 2, "No pretend company has told"),
    ],
)
def test_without_a_company_the_command_says_so(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    said = CliRunner().invoke(app, ["sandbox", "--state", str(tmp_path), "play", *arguments])

    assert said.exit_code == code
    assert words in said.output
