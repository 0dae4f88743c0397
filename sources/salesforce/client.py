"""Asks one org: SOQL over REST, as few calls as its limits allow, every page of the answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast
from urllib.parse import quote_plus

import httpx
import orjson
from msgspec import Struct
from msgspec.structs import replace

from canonical.errors import ContractBroken
from sources.kit.auth.authorization import Authorization
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask
from sources.kit.http.client import BreakerHealth, SystemClient
from sources.kit.http.decoding import JsonDecoder
from sources.landscape import Instance
from sources.salesforce.faults import fault_in
from sources.salesforce.settings import Settings
from sources.salesforce.shapes import rows_of
from sources.salesforce.soql import Select
from sources.salesforce.together import Together
from sources.salesforce.wire import CompositeAnswer, Described, Rows

R = TypeVar("R", bound=Struct)
T = TypeVar("T")
U = TypeVar("U")

LONGEST_ADDRESS: Final = 8000
"""Bytes of an encoded query that still go in an address; the platform's limit with all headers is 16,384."""
QUERIES_A_COMPOSITE: Final = 5
_USAGE: Final = re.compile(r"api-usage=(\d+)/(\d+)")
JSON: Final = (("Content-Type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Usage:
    """API calls used and allowed in the last 24 hours, as the org's last answer said."""

    used: int
    allowed: int

    @property
    def left(self) -> int:
        """Calls that are left."""
        return max(0, self.allowed - self.used)


class Reader(Generic[R]):
    """How rows of one shape are read: pages of them, and their child rows where they may be cut short."""

    def __init__(self, shape: type[R], operation: str, children: tuple[str, type[Struct]] | None = None) -> None:
        self.operation = operation
        self._pages = JsonDecoder(rows_of(shape))
        self.child = children[0] if children else ""
        self._child_pages = JsonDecoder(rows_of(children[1])) if children else None

    def page(self, system: str, answer: Answer) -> Rows[R]:
        """One page of rows."""
        return self._pages.decode(system, answer)

    def child_page(self, system: str, answer: Answer) -> Rows[Struct]:
        """One further page of a row's children."""
        if self._child_pages is None:
            raise ContractBroken(system, f"{system} sent children that nobody asked for.")
        return self._child_pages.decode(system, answer)

    def cut_short(self, row: R) -> Rows[Struct] | None:
        """The row's children, where not all of them came."""
        held = getattr(row, self.child, None) if self.child else None
        return held if isinstance(held, Rows) and not held.done else None


class _Question(NamedTuple):
    """One query of a resource, how its rows are read, and whether an answer that is under way to another will do."""

    resource: str
    encoded: str
    reader: Reader[Any]
    shareable: bool


class Org:
    """One org over REST. Faults are of our own tree; nothing is sent before the first question."""

    def __init__(
        self,
        instance: Instance,
        settings: Settings,
        authorization: Authorization,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.usage: Usage | None = None
        self.said_at: datetime | None = None
        """When the last answer was given, by the org's own clock."""
        self._system = instance.name
        self._settings = settings
        self._authorization = authorization
        self._composite = JsonDecoder(CompositeAnswer)
        self._together = Together(self._firsts)
        self._described = JsonDecoder(Described)
        self._http = SystemClient(
            instance,
            authorization,
            lambda answer: fault_in(instance.name, answer),
            transport=transport,
            ca_file=settings.ca_file,
        )

    @property
    def health(self) -> tuple[BreakerHealth, ...]:
        """Where the breakers stand."""
        return self._http.health

    async def query(
        self, call: Call, selects: Sequence[Select], reader: Reader[R], *, fresh: bool = False
    ) -> list[list[R]]:
        """The rows of each query, whole: one call for up to five queries, and one for each page that is cut off.

        Queries that one asker sends in the same turn of the loop go together. `fresh`: as they stand now, which no
        question tells that was asked before this one.
        """
        if not selects:
            return []
        questions = [
            _Question("queryAll" if select.deleted else "query", quote_plus(select.text()), reader, not fresh)
            for select in selects
        ]
        firsts = await self._together.ask(call, questions)
        return await side_by_side(self._whole(call, page, reader) for page in firsts)

    async def _firsts(self, call: Call, questions: Sequence[_Question]) -> list[Rows[Any]]:
        """The first page of each question."""
        if len(questions) == 1 and len(questions[0].encoded) <= LONGEST_ADDRESS:
            return [await self._one(call, questions[0])]
        groups = [questions[at : at + QUERIES_A_COMPOSITE] for at in range(0, len(questions), QUERIES_A_COMPOSITE)]
        answers = await side_by_side(self._several(call, group) for group in groups)
        return [page for pages in answers for page in pages]

    async def describe(self, call: Call, sobject: str) -> Described:
        """What our user may do with an object and those of its fields that it may see."""
        path = f"{self._settings.api}/sobjects/{sobject}/describe"
        answer = await self.send(call, Ask(path=path, operation=f"describe {sobject}"))
        return self._described.decode(self._system, answer)

    async def credentials(self, call: Call) -> Mapping[str, str]:
        """The headers that say who we are, for the event bus. Raises a Fault."""
        return await self._http.credentials(call)

    async def forget(self, stale: Mapping[str, str]) -> bool:
        """These were refused: the next are new. False where there is nothing newer to be had."""
        return await self._authorization.renew(stale)

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.close()

    async def send(self, call: Call, ask: Ask) -> Answer:
        """The org's answer to one call; what it tells of the calls that are left is kept."""
        answer = await self._http.send(call, ask)
        told = _USAGE.search(str(answer.headers.get("sforce-limit-info", "")))
        if told:
            self.usage = Usage(int(told[1]), int(told[2]))
        with suppress(ValueError):
            self.said_at = parsedate_to_datetime(str(answer.headers.get("date", ""))).astimezone(UTC)
        return answer

    async def _one(self, call: Call, question: _Question) -> Rows[Any]:
        path = f"{self._settings.api}/{question.resource}"
        ask = Ask(
            path=path,
            query=f"q={question.encoded}",
            operation=question.reader.operation,
            shareable=question.shareable,
        )
        answer = await self.send(call, ask)
        page = question.reader.page(self._system, answer)
        answer.tell_rows(len(page.records))
        return page

    async def _several(self, call: Call, questions: Sequence[_Question]) -> list[Rows[Any]]:
        # Long queries too: an address holds 16 KB with its headers, a composite's body far more.
        parts = [
            {"method": "GET", "url": f"{self._settings.api}/{one.resource}?q={one.encoded}", "referenceId": f"q{place}"}
            for place, one in enumerate(questions)
        ]
        body = orjson.dumps({"allOrNone": False, "compositeRequest": parts})
        path = f"{self._settings.api}/composite"
        operation = " and ".join(dict.fromkeys(one.reader.operation for one in questions))
        shareable = all(one.shareable for one in questions)
        ask = Ask(method="POST", path=path, headers=JSON, content=body, operation=operation, shareable=shareable)
        answer = await self.send(call, ask)
        told = {part.reference_id: part for part in self._composite.decode(self._system, answer).composite_response}
        if len(told) != len(questions):
            raise ContractBroken(self._system, f"{self._system} left out a part of its answer.")
        bodies = [told[f"q{place}"].body for place in range(len(questions))]
        pages = [
            one.reader.page(self._system, Answer(200, answer.headers, bytes(body)))
            for one, body in zip(questions, bodies, strict=True)
        ]
        answer.tell_rows(sum(len(page.records) for page in pages))
        return pages

    async def _whole(self, call: Call, first: Rows[R], reader: Reader[R]) -> list[R]:
        rows, page, further = list(first.records), first, 0
        while not page.done and page.next_records_url:
            further = self._one_further(further)
            answer = await self._next(call, page.next_records_url, reader)
            page = reader.page(self._system, answer)
            answer.tell_rows(len(page.records))
            rows += page.records
        return await self._with_children(call, rows, reader)

    async def _with_children(self, call: Call, rows: list[R], reader: Reader[R]) -> list[R]:
        if not any(reader.cut_short(row) for row in rows):
            return rows
        return await side_by_side(self._complete(call, row, reader) for row in rows)

    async def _complete(self, call: Call, row: R, reader: Reader[R]) -> R:
        held = reader.cut_short(row)
        if held is None:
            return row
        children, page, further = list(held.records), held, 0
        while not page.done and page.next_records_url:
            further = self._one_further(further)
            answer = await self._next(call, page.next_records_url, reader)
            page = reader.child_page(self._system, answer)
            answer.tell_rows(len(page.records))
            children += page.records
        return replace(row, **{reader.child: Rows(records=children, done=True, total_size=len(children))})

    async def _next(self, call: Call, url: str, reader: Reader[R]) -> Answer:
        return await self.send(call, Ask(path=url, operation=f"{reader.operation}, next page"))

    def _one_further(self, pages: int) -> int:
        if pages >= self._settings.most_pages:
            sentence = f"{self._system} has more records to this than we read at once: narrow the question."
            raise ContractBroken(self._system, sentence, detail=f"more than {pages} further pages")
        return pages + 1


async def side_by_side(works: Iterable[Awaitable[T]]) -> list[T]:
    """The outcomes in order; the first fault ends them all."""
    held = list(works)
    if len(held) == 1:
        return [await held[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_await(work)) for work in held]
    except BaseExceptionGroup as failed:
        raise _first(failed) from failed
    return [task.result() for task in tasks]


async def both(first: Awaitable[T], second: Awaitable[U]) -> tuple[T, U]:
    """Two outcomes that come side by side; the first fault ends both."""
    one, other = await side_by_side((cast("Awaitable[object]", first), cast("Awaitable[object]", second)))
    return cast("tuple[T, U]", (one, other))


async def _await(work: Awaitable[T]) -> T:
    return await work


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    first = failed.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
