"""What docs/receivers.md tells receivers to do is done here, with what is really sent."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from canonical.events import Cursor, Logged
from sources.kit.webhook.signing import signed_headers
from tests.fakes.happenings import invoiced
from tests.house.tree import ROOT
from workflows.cloud_events import cloud_event

PAGE = (ROOT / "docs" / "receivers.md").read_text("utf-8")
SECRET, NEXT, BODY = "the-secret-of-a-receiver", "the-next-secret-of-it", '{"title":"Grüße"}'.encode()

Genuine = Callable[[Mapping[str, str], bytes, str], bool]


def written(language: str) -> str:
    """The code of a language on the page."""
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def in_python(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    place: dict[str, Any] = {}
    exec(written("python"), place)
    return bool(place["is_genuine"](headers, body, secret))


@pytest.fixture
def in_javascript(tmp_path: Path) -> Genuine:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node here")
    (tmp_path / "page.mjs").write_text(written("javascript"))
    asking = "const [h, b, s] = JSON.parse(process.argv[2]);console.log(isGenuine(h, Buffer.from(b, 'hex'), s))"
    (tmp_path / "ask.mjs").write_text(f'import {{ isGenuine }} from "./page.mjs";\n{asking}\n')

    def ask(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        given = json.dumps([headers, body.hex(), secret])
        ran = subprocess.run(
            [node, str(tmp_path / "ask.mjs"), given], capture_output=True, text=True, timeout=60, check=True
        )
        return ran.stdout.strip() == "true"

    return ask


def cases() -> list[tuple[Mapping[str, str], bytes, str, bool]]:
    now = int(time.time())
    right = signed_headers([SECRET], now, BODY)
    both = signed_headers([NEXT, SECRET], now, BODY)
    return [
        (right, BODY, SECRET, True),
        (both, BODY, SECRET, True),
        (both, BODY, NEXT, True),
        (right, BODY, NEXT, False),
        (right, BODY + b" ", SECRET, False),
        (right | {"revgraph-timestamp": str(now + 1)}, BODY, SECRET, False),
        (signed_headers([SECRET], now - 400, BODY), BODY, SECRET, False),
        (signed_headers([SECRET], now + 400, BODY), BODY, SECRET, False),
        (right | {"revgraph-signature": "v1="}, BODY, SECRET, False),
        (right | {"revgraph-signature": "v1=ü"}, BODY, SECRET, False),
        (right | {"revgraph-timestamp": "soon"}, BODY, SECRET, False),
        ({}, BODY, SECRET, False),
    ]


def test_the_python_of_the_page_takes_what_is_genuine_and_nothing_else() -> None:
    assert [in_python(headers, body, secret) for headers, body, secret, _ in cases()] == [one[3] for one in cases()]


def test_the_javascript_of_the_page_takes_what_is_genuine_and_nothing_else(in_javascript: Genuine) -> None:
    assert [in_javascript(headers, body, secret) for headers, body, secret, _ in cases()] == [one[3] for one in cases()]


def test_the_event_of_the_page_has_the_fields_that_are_sent() -> None:

    shown = json.loads(written("json"))
    sent = cloud_event(Logged(Cursor("abcd", 47), invoiced("8015", "Invoice 90000012 was generated")))

    assert list(shown) == list(sent)
    assert sorted(shown["data"]) == sorted(sent["data"])  # type: ignore[call-overload]  # it is a table
    assert shown["subject"] == sent["subject"]
    assert shown["data"]["cursor"] == str(Cursor("abcd", 47))


def test_the_receiver_of_the_page_is_one_of_a_landscape(tmp_path: Path) -> None:
    [receiver] = tomllib.loads(written("toml"))["receivers"]

    assert sorted(receiver) == ["credentials", "kinds", "legal_entities", "name", "url"]
