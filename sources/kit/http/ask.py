"""One question to a system over HTTP, and its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import httpx

from sources.kit.call import Call, CallRecord

Safety: TypeAlias = Literal["read", "replayable", "write"]
"""What happens when it is sent twice: nothing, the same once more, or something nobody wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What to ask. `path` is relative to the instance's address, or absolute on the same host (a next page's link).

    `query` is pairs to encode, or text that is encoded already. `operation` says it in few words ("query Order").
    `safety` is about the effect, not the method: a query sent as POST is a read. `shareable`: the same read in flight
    for the same rights is sent once. `patience`: seconds that this one may take instead of the instance's usual.
    """

    method: str = "GET"
    path: str
    query: tuple[tuple[str, str], ...] | str = ()
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None
    operation: str
    safety: Safety = "read"
    shareable: bool = True
    patience: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Where one call stands in the record of its question."""

    record: CallRecord
    position: int

    def tell(self, rows: int) -> None:
        """Write down how many rows the call brought."""
        if self.position < len(self.record.calls):
            self.record.calls[self.position] = replace(self.record.calls[self.position], rows=rows)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read to its end and decompressed."""

    status: int
    headers: httpx.Headers
    content: bytes
    row: Row | None = field(default=None, repr=False, compare=False)

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; empty where there is none."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    def excerpt(self, length: int = 2000) -> str:
        """The beginning of the body as text, for a fault's detail."""
        return self.content[: 4 * length].decode("utf-8", "replace")[:length]

    def tell_rows(self, rows: int) -> None:
        """Say how many rows this answer held, for the record of the question."""
        if self.row is not None:
            self.row.tell(rows)


Step: TypeAlias = Callable[[Call, Ask], Awaitable[Answer]]
"""One step of the staircase, as the step above sees it."""
