"""How Tryton is asked and told: one request of its REST API for a model; more pages where rows remain."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

import httpx
import msgspec

from canonical.errors import Fault, Refused
from sources.kit.auth.fixed import bearer
from sources.kit.call import Call
from sources.kit.http.ask import Ask
from sources.kit.http.client import SystemClient
from sources.landscape import Instance
from sources.tryton.domain import Domain, encoded, runs
from sources.tryton.faults import translation, unreadable
from sources.tryton.settings import CREDENTIAL, Settings
from sources.tryton.wire import Row

R = TypeVar("R", bound=Row)
V = TypeVar("V")
T = TypeVar("T")
Decoder = msgspec.json.Decoder[list[R]]

_ANYTHING: Final = msgspec.json.Decoder(list[object])
_IDS: Final = msgspec.json.Decoder(list[Row])
_BY_ID: Final = (("id", "ASC"),)
_RESERVE: Final = 120
"""Characters of a URL besides fields and domain: order, size and offset."""


@dataclass(frozen=True, slots=True)
class Search:
    """What to read of a model, as which company (for what Tryton keeps by company).

    `context` is what else the answer depends on: a price on the customer, stock on the place and the day.
    """

    model: str
    fields: tuple[str, ...]
    company: int | None = None
    context: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing to do to a model or to a record of it: `path` is behind the model's, `told` the body."""

    word: str
    method: str
    path: str = ""
    told: Mapping[str, object] | None = None
    changes_nothing: bool = False


class TrytonClient:
    """Reads and deeds of one Tryton database; every method raises a Fault when it could not be asked or said no."""

    def __init__(self, instance: Instance, settings: Settings, transport: httpx.AsyncBaseTransport | None) -> None:
        """Open nothing yet; the first read does. ValueError without an application key."""
        key = instance.credentials.get(CREDENTIAL)
        if key is None:
            raise ValueError(f"{instance.name} needs the credential {CREDENTIAL!r}, a REST application's key")
        self.system = instance.name
        self._settings = settings
        self._root = root_of(settings)
        self._base = len(instance.base_url) + len(self._root)
        self._http = SystemClient(instance, bearer(key), translation(instance.name), transport=transport)

    async def page(
        self,
        call: Call,
        search: Search,
        decoder: Decoder[R],
        domain: Domain,
        order: Sequence[tuple[str, str]],
        size: int,
    ) -> list[R]:
        """The first rows of a sorted search, at most `size`."""
        return await self._rows(call, search, decoder, _query(search, domain, order, size))

    async def every(
        self,
        call: Call,
        search: Search,
        decoder: Decoder[R],
        values: Sequence[V],
        build: Callable[[Sequence[V]], Domain],
    ) -> list[R]:
        """All rows that the domains of the values find, each once: one call, or as few as their length allows."""
        room = room_beside(self._settings, self._base, search)
        domains = runs(list(dict.fromkeys(values)), build, room)
        parts = await side_by_side(self._whole(call, search, decoder, domain) for domain in domains)
        return list({row.id: row for part in parts for row in part}.values())

    async def look(self, call: Call, search: Search) -> list[object]:
        """One record at most, as it comes: to see what may be read."""
        answer = await self._http.send(call, self._ask(search, _query(search, None, (), 1)))
        try:
            return _ANYTHING.decode(answer.content)
        except msgspec.DecodeError as wrong:
            raise unreadable(self.system, wrong) from wrong

    async def act(self, call: Call, search: Search, deed: Deed) -> bytes:
        """Do one thing, once: what the record looks like afterwards comes back, read in the same transaction.

        OutcomeUnknown when nobody can say whether it was done. A deed that changes nothing may be repeated.
        """
        ask = Ask(
            method=deed.method,
            path=f"{self._root}{quote(search.model)}{deed.path}",
            query=_query(search, None, (), 0),
            headers=(*self._headers(search), ("Content-Type", "application/json")),
            content=msgspec.json.encode(deed.told) if deed.told is not None else None,
            operation=f"{deed.word} {search.model}",
            safety="read" if deed.changes_nothing else "write",
        )
        return (await self._http.send(call, ask)).content

    async def all_of(self, call: Call, search: Search) -> set[int]:
        """The ids of all records of a model that our user sees; for models of few."""
        query = _query(search, None, _BY_ID, self._settings.page_size)
        return {row.id for row in await self._rows(call, search, _IDS, query)}

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.close()

    async def _whole(self, call: Call, search: Search, decoder: Decoder[R], domain: Domain) -> list[R]:
        held: list[R] = []
        for page in range(self._settings.most_pages):
            size = self._settings.page_size
            rows = await self._rows(call, search, decoder, _query(search, domain, _BY_ID, size, page * size))
            held += rows
            if len(rows) < size:
                return held
        sentence = f"{self.system} has more records for this than are read at once."
        raise Refused(self.system, sentence, detail=f"more than {len(held)} of {search.model}")

    async def _rows(self, call: Call, search: Search, decoder: Decoder[R], query: str) -> list[R]:
        answer = await self._http.send(call, self._ask(search, query))
        try:
            rows = decoder.decode(answer.content)
        except msgspec.DecodeError as wrong:
            raise unreadable(self.system, wrong) from wrong
        answer.tell_rows(len(rows))
        return rows

    def _ask(self, search: Search, query: str) -> Ask:
        return Ask(
            path=f"{self._root}{quote(search.model)}",
            query=query,
            headers=self._headers(search),
            operation=f"read {search.model}",
        )

    def _headers(self, search: Search) -> tuple[tuple[str, str], ...]:
        """The language is pinned, since only the words of messages tell refusals apart."""
        language = ("Accept-Language", self._settings.language)
        context = (
            dict(search.context) if search.company is None else {"company": search.company, **dict(search.context)}
        )
        if not context:
            return (language,)
        return (language, ("X-Tryton-Context", urlsafe_b64encode(msgspec.json.encode(context)).decode()))


def root_of(settings: Settings) -> str:
    """The path that every model's address begins with."""
    return f"/{quote(settings.database)}/rest/model/"


def room_beside(settings: Settings, base: int, search: Search) -> int:
    """Characters that are left for a domain in an address whose host and root take `base` of them."""
    return settings.longest_url - base - len(_query(search, None, (), 0)) - _RESERVE


async def side_by_side(questions: Iterable[Coroutine[object, object, T]]) -> list[T]:
    """The answers in the order of the questions; the first fault ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(question) for question in questions]
    except* Fault as faults:
        fault = _first(faults)
    else:
        return [task.result() for task in tasks]
    raise fault


def _first(faults: BaseExceptionGroup[Fault]) -> Fault:
    held: BaseException = faults
    while isinstance(held, BaseExceptionGroup):
        held = held.exceptions[0]
    if not isinstance(held, Fault):
        raise held
    return held


def _query(search: Search, domain: Domain | None, order: Sequence[tuple[str, str]], size: int, offset: int = 0) -> str:
    pairs = [("f", path) for path in search.fields]
    pairs += [("d", encoded(domain))] if domain else []
    pairs += [("o", encoded([list(pair) for pair in order]))] if order else []
    pairs += [("s", str(size))] if size else []
    pairs += [("p", str(offset))] if offset else []
    return urlencode(pairs, safe="=")
