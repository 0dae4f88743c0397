"""Requests and answers, free of any server: the same for a call of its own and for a part of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs

READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Ask:
    """One request. `path` is still encoded, header names are lower case, `origin` is scheme and host."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    origin: str = "http://localhost"

    def header(self, name: str) -> str:
        """A header's value, "" where it is missing."""
        return self.headers.get(name, "")

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method in READING

    @property
    def wants_json(self) -> bool:
        """Whether JSON was asked for; otherwise this system answers in Atom and XML."""
        if "format=" in self.query and (formats := parse_qs(self.query).get("$format")):
            return formats[0] == "json"
        return "application/json" in self.header("accept")


@dataclass(frozen=True)
class Reply:
    """One answer; a header may come several times."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = field(default=())

    def having(self, *headers: tuple[str, str]) -> Reply:
        """The same answer with more headers."""
        return replace(self, headers=(*self.headers, *headers))
