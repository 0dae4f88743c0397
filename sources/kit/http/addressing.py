"""Where a question goes: its address, checked to be the system's own."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

import httpx

from canonical.errors import ContractBroken, Refused
from sources.kit.http.ask import Ask

_KEPT: Final = 128
_LONGEST: Final = 60_000
_PLAIN: Final = r"[\w\-.~!$&'()*+,;=:@/]*(?:%[0-9A-Fa-f]{2}[\w\-.~!$&'()*+,;=:@/]*)*"
_TEXT: Final = re.compile(rf"(/{_PLAIN})(?:\?({_PLAIN.replace('/]', '/?]')}))?", re.ASCII)
"""A path and a query in which httpx would find nothing to escape."""


class Addresses:
    """The addresses of one system's questions; the last ones asked for are kept.

    httpx reads an address character by character, 40 microseconds for a query of 1,000, and nearly all of ours need no
    escaping: one expression says so, and the parts are put in place as they are. All others httpx reads itself.
    """

    def __init__(self, system: str, base_url: str) -> None:
        self._system = system
        self._base = httpx.URL(base_url)
        self._root = base_url
        self.host = self._base.netloc
        self._origin = f"{self._base.scheme}://{self._base.netloc.decode('ascii')}"
        self._prefix = base_url.removeprefix(self._origin) if base_url.startswith(self._origin) else None
        self._kept = lru_cache(_KEPT)(self._built)

    def of(self, ask: Ask) -> httpx.URL:
        """The address of a question to this system.

        ContractBroken when it is absolute and names another host; Refused when it is none that can be called.
        """
        return self._kept(ask.path, ask.query)

    def anywhere(self, ask: Ask) -> httpx.URL:
        """The absolute address in `ask.path`, as it stands. Refused when it is none that can be called."""
        return self._read(_with_query(ask.path, ask.query))

    def _built(self, path: str, query: tuple[tuple[str, str], ...] | str) -> httpx.URL:
        text = _with_query(path, query)
        if path.startswith("/"):
            return self._plain(text) or self._read(self._root + text)
        return self._same_host(self._read(text if "://" in path else self._root + text))

    def _plain(self, text: str) -> httpx.URL | None:
        """The address below our own, when nothing in it needs escaping; None otherwise."""
        if self._prefix is None or len(text) > _LONGEST:
            return None
        found = _TEXT.fullmatch(self._prefix + text)
        if found is None or "/." in found[1]:
            return None
        url = httpx.URL(self._base)
        url._uri_reference = self._base._uri_reference._replace(path=found[1], query=found[2])  # noqa: SLF001 - see above
        return url

    def _same_host(self, there: httpx.URL) -> httpx.URL:
        if (there.scheme, there.host, there.port) != (self._base.scheme, self._base.host, self._base.port):
            raise ContractBroken(self._system, f"{self._system} sent us on to another address.", detail=str(there.host))
        return there

    def _read(self, text: str) -> httpx.URL:
        try:
            return httpx.URL(text)
        except httpx.InvalidURL as wrong:
            raise Refused(self._system, UNCALLABLE.format(self._system), detail=str(wrong)) from wrong


UNCALLABLE: Final = "{0} is configured with an address that cannot be called."


def _with_query(address: str, query: tuple[tuple[str, str], ...] | str) -> str:
    text = query if isinstance(query, str) else urlencode(query)
    if not text:
        return address
    return f"{address}{'&' if '?' in address else '?'}{text}"
