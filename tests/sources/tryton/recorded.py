"""A Tryton that answers as the real one was heard to, by method and path; it keeps what it was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import httpx

from tests.sources.tryton.reading import raw

Answer = tuple[int, object]


def heard(name: str) -> Answer:
    """A recorded payload."""
    return 200, raw(name)


@dataclass
class Recorded(httpx.AsyncBaseTransport):
    """Each question takes the first answer that is left for it, and the last one again and again."""

    answers: dict[str, list[Answer]]
    asked: list[tuple[str, object]] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {request.url.path.rpartition('/model/')[2]}"
        content = await request.aread()
        self.asked.append((what, json.loads(content) if content else None))
        left = self.answers[what]
        status, body = left.pop(0) if len(left) > 1 else left[0]
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "text/html" if isinstance(body, bytes) else "application/json"
        return httpx.Response(status, headers={"content-type": kind}, stream=_Whole(text))

    @property
    def writes(self) -> list[str]:
        return [what for what, _ in self.asked if not what.startswith("GET")]


class _Whole(httpx.AsyncByteStream):
    def __init__(self, text: bytes) -> None:
        self._left = [text]

    def __aiter__(self) -> _Whole:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()
