"""The response cache: what is held and still holds is served, the rest is asked live and kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import or_
from time import monotonic
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from canonical.deadline import Deadline
from canonical.principal import View
from canonical.wanted import Wanted
from sources.kit.call import Call, CallRecord, SourceCall
from sources.landscape import CachePolicy, Landscape
from sources.shelf.addresses import Addresses, Shelfmark, rights_of, sign_in
from sources.shelf.entries import Kept, holds, records_of, values_of
from sources.shelf.names import Answer, Name
from sources.shelf.questions import Question
from sources.shelf.records import as_stale, narrowed
from sources.shelf.refreshing import Refreshing
from sources.shelf.store import REFRESH_WITHIN, Store

R = TypeVar("R", bound=Struct)

ABSENCE_KEPT: Final = 30.0
"""Seconds at most that "there is none" is kept: what people look for in vain they often make next."""

Live = Callable[[Call, Sequence[Name], Wanted], Awaitable[Answer[R]]]
"""Asks the system itself for these names."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[R]):
    """One question on its way: of which system, for whom, and how it is asked live."""

    question: Question[R]
    system: str
    call: Call
    wanted: Wanted
    live: Live[R]


class Shelf:
    """Stands before the systems, for what the landscape has a policy for.

    What was read with some rights is found with the same rights alone: they are part of its address. Whatever becomes
    of Redis, a read goes live and nobody waits.
    """

    def __init__(self, landscape: Landscape, store: Store, refreshing: Refreshing, now: Callable[[], datetime]) -> None:
        """Keep what the landscape says; `now` (UTC) tells ages."""
        self.policies: Final = landscape.cache
        self._addresses = Addresses(landscape.tenant)
        self._sign_ins = {name: sign_in(landscape.tenant, one) for name, one in landscape.instances.items()}
        self._freshness = {name: one.freshness_seconds for name, one in landscape.instances.items()}
        self._store = store
        self._refreshing = refreshing
        self._now = now

    async def answer(self, asked: Asked[R], names: Sequence[Name]) -> Answer[R]:
        """What is told for these names. Raises the system's Fault where it had to be asked and failed."""
        policy = self._policy(asked)
        asked, began = _within(asked, policy.scope), monotonic()
        mark = self._mark(asked)
        seen = await self._store.look(asked.question, asked.system, mark, names)
        if seen is None:
            return await asked.live(asked.call, names, asked.wanted)
        fresh, stale = self._served(asked, policy, seen.held)
        _tell(asked, fresh, "kept", began)
        _tell(asked, stale, "stale", began)
        self._refresh(asked, mark, [(name, seen.held[name].wanted) for name in stale])
        found = {**fresh, **stale}
        missing = [name for name in names if name not in found]
        if not missing:
            return Answer(found)
        # What is held and lacks a field is asked for with all of both, so that two who take turns both find it.
        wanted = reduce(or_, (seen.held[name].wanted for name in missing if name in seen.held), asked.wanted)
        told = await self._ask(replace(asked, wanted=wanted), mark, missing, seen.changes)
        brought = told.by_name
        if wanted != asked.wanted:
            brought = {name: _narrowed(held, asked.wanted) for name, held in brought.items()}
        return Answer({**found, **brought}, told.others)

    def _policy(self, asked: Asked[Any]) -> CachePolicy:
        """The concept's policy, no longer than what the system is said to stay fresh."""
        policy, freshness = self.policies[asked.question.name], self._freshness[asked.system]
        if freshness is None or freshness >= policy.max_age_seconds:
            return policy
        return replace(policy, max_age_seconds=freshness)

    def _mark(self, asked: Asked[Any]) -> Shelfmark:
        rights = rights_of(self._sign_ins[asked.system], asked.call.view)
        return self._addresses.of(asked.question, asked.system, rights)

    def _served(
        self, asked: Asked[R], policy: CachePolicy, held: Mapping[Name, Kept]
    ) -> tuple[dict[Name, tuple[R, ...]], dict[Name, tuple[R, ...]]]:
        """What is current, and what is old enough to be told so."""
        now, longest = self._now().timestamp(), policy.max_age_seconds + policy.stale_while_revalidate_seconds
        fresh: dict[Name, tuple[R, ...]] = {}
        stale: dict[Name, tuple[R, ...]] = {}
        for name, kept in held.items():
            age = now - kept.at
            records = records_of(asked.question, kept) if age <= longest and holds(kept, asked.wanted) else None
            if records is None:
                continue
            told = records if kept.wanted == asked.wanted else _narrowed(records, asked.wanted)
            if age <= policy.max_age_seconds:
                fresh[name] = told
            else:
                stale[name] = tuple(as_stale(record) for record in told)
        return fresh, stale

    async def _ask(self, asked: Asked[R], mark: Shelfmark, names: Sequence[Name], changes: int) -> Answer[R]:
        """Ask live, and keep what is told; `changes` was the number of the last change before."""
        at, before = self._now().timestamp(), len(asked.call.record.calls)
        told = await asked.live(asked.call, names, asked.wanted)
        if not _came_along(asked.call.record, before, asked.system):
            policy = self._policy(asked)
            await self._store.keep(_kept(asked, policy, mark, told, changes, at))
        return told

    def _refresh(self, asked: Asked[R], mark: Shelfmark, stale: Sequence[tuple[Name, Wanted]]) -> None:
        """Have these read anew behind the asker's back, with a deadline of their own."""
        places = {mark.of(name): name for name, _ in stale}
        unread = self._refreshing.unread(places)
        if not unread:
            return
        wanted = reduce(or_, (held for _, held in stale), asked.wanted)

        async def read_anew() -> None:
            mine = await self._store.claim(unread)
            seen = await self._store.look(asked.question, asked.system, mark, [places[at] for at in mine])
            if seen is None:
                return
            policy, now = self._policy(asked), self._now().timestamp()
            old = [places[at] for at in mine if now - _at(seen.held.get(places[at])) > policy.max_age_seconds]
            if old:
                await self._ask(replace(asked, call=_behind(asked.call), wanted=wanted), mark, old, seen.changes)
            # Not after a fault: until the claim ends by itself, nobody troubles a system that just failed.
            await self._store.release(mine)

        self._refreshing.offer(unread, read_anew)


def _within(asked: Asked[R], scope: str) -> Asked[R]:
    """The same question as it is asked for everybody it is kept for: what is public is read for all accounts."""
    view = asked.call.view
    if scope != "public" or view.accounts is None:
        return asked
    return replace(asked, call=replace(asked.call, view=View(legal_entities=view.legal_entities)))


def _behind(call: Call) -> Call:
    """A call of nobody who waits: after the others, with its own time, its own record, and the asker's rights."""
    return replace(
        call,
        deadline=Deadline.after(REFRESH_WITHIN * 0.8),
        correlation_id=f"{call.correlation_id}-refresh",
        record=CallRecord(),
        urgency="bulk",
    )


def _came_along(record: CallRecord, before: int, system: str) -> bool:
    """Whether an answer may be that of a question which another asked earlier: a change in between would be missed."""
    since = record.calls[before:]
    full = len(record.calls) >= record.limit
    return full or any(call.system == system and call.outcome == "shared" for call in since)


def _kept(
    asked: Asked[R], policy: CachePolicy, mark: Shelfmark, told: Answer[R], changes: int, at: float
) -> Iterable[tuple[Kept, float]]:
    """What to keep of an answer, and for how many seconds each."""
    for name, records in told.by_name.items():
        if name in told.unsure:
            continue
        marks = [(name.kind, name.text)] if name.kind in ("order", "customer") else []
        marks += [one for record in records for one in asked.question.marks(record)]
        final = bool(records) and name.kind in asked.question.complete
        kept = Kept(mark.of(name), changes, at, asked.wanted, tuple(dict.fromkeys(marks)), final, values_of(records))
        longest = policy.max_age_seconds + policy.stale_while_revalidate_seconds
        yield kept, longest if records else min(policy.max_age_seconds, ABSENCE_KEPT)


def _narrowed(records: tuple[R, ...], wanted: Wanted) -> tuple[R, ...]:
    return tuple(narrowed(record, wanted) for record in records)


def _at(kept: Kept | None) -> float:
    return kept.at if kept is not None else 0.0


def _tell(asked: Asked[Any], served: Mapping[Name, tuple[Struct, ...]], outcome: str, began: float) -> None:
    """Write down what was served without a call, where the asker can see it."""
    if served:
        rows = {getattr(record, "ref", record) for records in served.values() for record in records}
        milliseconds = (monotonic() - began) * 1000
        asked.call.record.add(SourceCall(asked.system, asked.question.name, milliseconds, len(rows), outcome))
