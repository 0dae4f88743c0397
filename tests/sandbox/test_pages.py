"""What the control port's own page and the sandbox's README show is taken by a company as every demo begins with it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.opening import Tale, open_all
from sandbox.serve import open_company
from tests.house.tree import ROOT

USUAL = Tale()
README = (ROOT / "sandbox" / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("usual")
    open_all(USUAL, state).close()
    return state


@pytest.fixture
async def control(told: Path, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    state = shutil.copytree(told, tmp_path / "state")
    async with (
        open_company(USUAL, state) as company,
        httpx.AsyncClient(base_url=company.control, trust_env=False, timeout=30) as client,
    ):
        yield client


def shown() -> Iterator[httpx.Request]:
    """Every request to the control port that the README shows, as curl sends it."""
    for line in re.findall(r"curl [^;\n]*\$CONTROL[^;\n]*", README):
        words = shlex.split(line)
        path = next(word.removeprefix("$CONTROL") for word in words if word.startswith("$CONTROL"))
        body = json.loads(words[words.index("-d") + 1]) if "-d" in words else None
        usual = "GET" if body is None else "POST"
        method = words[words.index("-X") + 1] if "-X" in words else usual
        yield httpx.Request(method, f"http://control{path}", json=body)


async def test_every_request_of_the_readme_is_taken(control: httpx.AsyncClient) -> None:
    answers = [
        await control.request(one.method, one.url.raw_path.decode(), content=one.content, headers=one.headers)
        for one in shown()
    ]

    assert len(answers) > 10
    assert [(one.request.url.path, one.text) for one in answers if not one.is_success] == []


async def test_the_step_that_the_control_port_shows_is_taken(control: httpx.AsyncClient) -> None:
    words = "\n".join((await control.get("/")).json()["what"])
    [body] = re.findall(r"POST +/story/steps .*?(\{.*?\})", words)

    answer = await control.post("/story/steps", json=json.loads(body))

    assert answer.status_code == 201, answer.text
