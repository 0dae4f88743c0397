"""What stands before a system for one of its ports: the shelf for what may be kept, the system for the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Generic, TypeVar

from msgspec import Struct

from canonical.contract import ContractRecord
from canonical.customer import CustomerRecord
from canonical.invoice import Invoice
from canonical.opportunity import OpportunityRecord
from canonical.order import OrderRecord
from canonical.quote import QuoteRecord
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import Checkup, Lookup, Source
from sources.shelf.names import Answer, Name, Spelling, attributed, keyed, lookup_of, names_of
from sources.shelf.questions import Question
from sources.shelf.shelf import Asked, Live, Shelf

P = TypeVar("P", bound=Source)
R = TypeVar("R", bound=Struct)
S = TypeVar("S", CustomerRecord, QuoteRecord, OpportunityRecord, ContractRecord, OrderRecord, Invoice)

_NUMBER: Final = Wanted.of("number")

LookUp = Callable[[Call, Lookup, Wanted], Awaitable[Sequence[R]]]
AskByKey = Callable[[Call, Sequence[str], Wanted], Awaitable[Mapping[str, R]]]
AskSeveral = Callable[[Call, Sequence[str], Wanted], Awaitable[Mapping[str, Sequence[R]]]]
"""The forms that a port's questions have."""


class Standing(Source, Generic[P]):
    """A system's stand-in: it has the system's name, and asks it for whatever is not held."""

    def __init__(self, source: P, shelf: Shelf) -> None:
        """Stand before this system."""
        self.name, self.kind = source.name, source.kind
        self._source = source
        self._shelf = shelf

    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:
        """The system's own."""
        return await self._source.check(call, thorough=thorough)

    def origin(self, concept: str, field: str) -> str | None:
        """The system's own."""
        return self._source.origin(concept, field)

    async def close(self) -> None:
        """Nothing: whoever opened the system closes it."""

    async def looked_up(
        self, question: Question[S], ask: LookUp[S], to: tuple[Call, Lookup, Wanted], spelled: Spelling | None = None
    ) -> Sequence[S]:
        """The records of a lookup, each once; of two tellings of one record the later."""
        call, lookup, wanted = to
        if not self._keeps(question):
            return await ask(call, lookup, wanted)

        async def live(call: Call, names: Sequence[Name], wanted: Wanted) -> Answer[S]:
            asked = lookup_of(names)
            # By its number a record can be told to be the one that was asked for.
            needed = wanted | _NUMBER if asked.numbers else wanted
            return attributed(names, await ask(call, asked, needed), spelled)

        answer: Answer[S] = await self._answer(question, call, wanted, names_of(lookup), live)
        return _each_once(answer)

    async def by_key(
        self, question: Question[R], ask: AskByKey[R], to: tuple[Call, Sequence[str], Wanted], kind: str = "key"
    ) -> Mapping[str, R]:
        """One record a key."""
        if not self._keeps(question):
            return await ask(*to)

        async def one_each(call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Sequence[R]]:
            return {key: (record,) for key, record in (await ask(call, keys, wanted)).items()}

        told = await self.several_by_key(question, one_each, to, kind)
        return {key: records[0] for key, records in told.items()}

    async def several_by_key(
        self, question: Question[R], ask: AskSeveral[R], to: tuple[Call, Sequence[str], Wanted], kind: str
    ) -> Mapping[str, Sequence[R]]:
        """Several records a key; a key without any is absent."""
        call, keys, wanted = to
        if not self._keeps(question):
            return await ask(call, keys, wanted)

        async def live(call: Call, names: Sequence[Name], wanted: Wanted) -> Answer[R]:
            return keyed(names, await ask(call, [name.text for name in names], wanted))

        names = [Name(kind, key) for key in dict.fromkeys(keys)]
        answer = await self._answer(question, call, wanted, names, live)
        return {name.text: records for name, records in answer.by_name.items() if records}

    def _keeps(self, question: Question[R]) -> bool:
        return question.name in self._shelf.policies

    async def _answer(
        self, question: Question[R], call: Call, wanted: Wanted, names: Sequence[Name], live: Live[R]
    ) -> Answer[R]:
        return await self._shelf.answer(Asked(question, self.name, call, wanted, live), names)


def _each_once(answer: Answer[S]) -> list[S]:
    latest: dict[str, S] = {}
    for record in answer.every():
        other = latest.get(record.ref.key)
        if other is None or other.stamp.fetched_at < record.stamp.fetched_at:
            latest[record.ref.key] = record
    return list(latest.values())
