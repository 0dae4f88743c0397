"""Reads a stream of events as the HTML standard says (9.2.6), and keeps what a browser would hide: comments."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Event:
    """What stands between two empty lines."""

    name: str | None = None
    data: Any = None
    id: str | None = None
    retry: int | None = None
    comment: str = ""


class Events:
    """The events of an answer, one after the other."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer

    async def json(self) -> Any:
        """The answer, where it is no stream."""
        return json.loads(await self.answer.aread())

    async def __aiter__(self) -> AsyncIterator[Event]:
        lines: list[str] = []
        async for line in self.answer.aiter_lines():
            if line:
                lines.append(line)
            else:
                yield _event(lines)
                lines = []
        assert lines == []

    async def told(self) -> AsyncIterator[Any]:
        """What the events named `next` say."""
        async for event in self:
            if event.name == "next":
                yield event.data


def _event(lines: list[str]) -> Event:
    fields = dict(line.split(":", 1) for line in lines)
    value = {name: text.removeprefix(" ") for name, text in fields.items()}
    return Event(
        value.get("event"),
        json.loads(value["data"]) if value.get("data") else None,
        value.get("id"),
        int(value["retry"]) if "retry" in value else None,
        value.get("", ""),
    )
