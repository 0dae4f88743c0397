"""One question to one server over plain HTTP, and the desk's own counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any

import orjson


def ask(port: int, token: str, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """The status and the body of an answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", **(headers or {})}
        connection.request("POST", "/graphql", body, sent)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def is_up(port: int, token: str, body: bytes) -> bool:
    """Whether it answers this question."""
    try:
        return ask(port, token, body)[0] == 200  # noqa: PLR2004 - HTTP's own word for success
    except (OSError, HTTPException):
        return False


def body(query: str, variables: Mapping[str, Any]) -> bytes:
    """A request's body."""
    return orjson.dumps({"query": query, "variables": variables})


def in_order(answer: bytes) -> bytes:
    """The answer with its keys sorted; SystemExit when it holds no data or any error."""
    told = orjson.loads(answer)
    if told.get("errors") or not told.get("data"):
        raise SystemExit(f"This is no answer: {answer[:500]!r}")
    return orjson.dumps(told["data"], option=orjson.OPT_SORT_KEYS)


class DeskAsked:
    """The desk as the bench sees it: how often it was asked, and how late it answers."""

    def __init__(self, port: int) -> None:
        """The desk on this port."""
        self.port = port

    def calls(self) -> Counter[str]:
        """Each kind of question and how often it came so far."""
        return Counter(self._get("/calls"))

    def answer_after(self, milliseconds: float) -> None:
        """Make each answer that late from now on."""
        self._get(f"/latency?ms={milliseconds}")

    def _get(self, path: str) -> dict[str, int]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            told: dict[str, int] = orjson.loads(connection.getresponse().read())
            return told
        finally:
            connection.close()
