"""A clerk at one company's books in Tryton, for one question: finds records, and does to them what people do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import msgspec

from canonical.errors import OutcomeUnknown, ProblemCategory, Refused
from sources.kit.call import Call
from sources.tryton.client import Deed, Search, TrytonClient
from sources.tryton.domain import Domain
from sources.tryton.orders import Read
from sources.tryton.reading import Reading
from sources.tryton.settings import Entities
from sources.tryton.wire import Row

R = TypeVar("R", bound=Row)
V = TypeVar("V")
Values = Mapping[str, object]
"""A record's fields, in Tryton's JSON."""


@dataclass(frozen=True, slots=True)
class Shape(Generic[R]):
    """What is read of a model, and as what."""

    model: str
    paths: tuple[str, ...]
    one: msgspec.json.Decoder[R]
    many: msgspec.json.Decoder[list[R]]


def shape(model: str, paths: Sequence[str], kind: type[R]) -> Shape[R]:
    """These paths of a model, read as records of this kind."""
    many = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
    return Shape(model, tuple(paths), msgspec.json.Decoder(kind), many)


@dataclass(frozen=True, slots=True)
class Clerk:
    """Does nothing twice by itself: whoever calls knows whether what is there may be done again."""

    client: TrytonClient
    call: Call
    reading: Reading

    @property
    def system(self) -> str:
        """The configured name of this Tryton."""
        return self.client.system

    async def find(
        self,
        shape: Shape[R],
        values: Sequence[V],
        build: Callable[[Sequence[V]], Domain],
        context: tuple[tuple[str, object], ...] = (),
    ) -> list[R]:
        """All records that the domain of the values finds, in as few requests as its length allows."""
        if not values:
            return []
        search = Search(shape.model, shape.paths, self.reading.company, context)
        return await self.client.every(self.call, search, shape.many, values, build)

    async def ask(self, model: str, method: str, told: Values, kind: type[V]) -> V:
        """The answer of a method that only reads."""
        deed = Deed(f"ask {method} of", "POST", f"/{method}", told, changes_nothing=True)
        answer = await self.client.act(self.call, Search(model, (), self.reading.company), deed)
        return self._decoded(msgspec.json.Decoder(kind), answer)

    async def only(self, shape: Shape[R]) -> R:
        """The one record of a model that has one, whether it was ever saved or not."""
        return await self._act(shape, Deed("read", "GET", "/1", changes_nothing=True))

    async def enter(self, shape: Shape[R], values: Values) -> R:
        """A new record."""
        return await self._act(shape, Deed("create", "POST", "", values))

    async def change(self, shape: Shape[R], row: int, values: Values) -> R:
        """New values for some fields of a record, lines and all, or none of them."""
        return await self._act(shape, Deed("write", "PUT", f"/{row}", values))

    async def press(self, shape: Shape[R], row: int, button: str) -> R:
        """What a button does; the record may go on changing just behind the answer."""
        return await self._act(shape, Deed(button, "POST", f"/{row}/{button}", {}))

    async def discard(self, model: str, row: int) -> None:
        """Delete a record."""
        await self.client.act(self.call, Search(model, (), self.reading.company), Deed("delete", "DELETE", f"/{row}"))

    async def _act(self, shape: Shape[R], deed: Deed) -> R:
        search = Search(shape.model, shape.paths, self.reading.company)
        return self._decoded(shape.one, await self.client.act(self.call, search, deed))

    def _decoded(self, decoder: msgspec.json.Decoder[V], answer: bytes) -> V:
        try:
            return decoder.decode(answer)
        except msgspec.DecodeError as wrong:
            sentence = f"{self.system} acted, and answered what cannot be read."
            raise OutcomeUnknown(self.system, sentence, detail=str(wrong)[:200]) from wrong


_NO_BOOKS: Final = "{} keeps no books of {} here, or they are not open to you."


class Office:
    """Where clerks are found, for the books that whoever asks may see."""

    def __init__(self, client: TrytonClient, entities: Entities, reading: Read) -> None:
        """Send them through this client; `reading` gives each its instant."""
        self._client, self._entities, self._reading = client, entities, reading

    def clerk(self, call: Call, legal_entity: str) -> Clerk:
        """For the books of one legal entity; Refused where it has none here."""
        companies = self._entities.companies(call.view.legal_entities, legal_entity)
        if not companies:
            sentence = _NO_BOOKS.format(self._client.system, legal_entity)
            raise Refused(self._client.system, sentence, category=ProblemCategory.ROUTING)
        return self.at(call, companies[0])

    def at(self, call: Call, company: int | None) -> Clerk:
        """For the books of a company, by its id."""
        return Clerk(self._client, call, self._reading(company))

    def companies(self, call: Call) -> tuple[int, ...] | None:
        """The companies whose records may be seen; None: all there are."""
        return self._entities.companies(call.view.legal_entities)

    def any(self, call: Call) -> Clerk:
        """For what belongs to no company, or to one that is yet to be read."""
        companies = self.companies(call) or self._entities.known()
        return self.at(call, companies[0] if companies else None)
