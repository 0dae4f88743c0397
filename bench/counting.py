"""What really is in the systems' own files and in the ledger at the end, and what should not be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from bench.books import Booked, fetch_booked, fetch_registered
from bench.wishes import Change, Wish

_SUBMISSIONS = """
select s.idempotency_key, s.external_reference, s.state, s.settled_at is not null, s.replays,
  cast(extract(epoch from s.settled_at - s.submitted_at) as float8),
  exists (select 1 from integration_exception x where x.submission_id = s.id and x.status <> 'RESOLVED')
from submission s
"""
_EFFECTS = """
select coalesce(sum(greatest(attempt - 1, 0)), 0), coalesce(sum(lost), 0),
  coalesce(sum(lost) filter (where state = 'DONE'), 0) from effect
"""
_UNFINISHED = "select count(*) from effect where kind = 'WRITE_BACK' and state <> 'DONE'"
_TAKEN = "select coalesce(sum(workflows), 0) from takeover"
_TOOK = """
select coalesce(max(extract(epoch from t.at - w.heartbeat_at)), 0)::float8
from takeover t join worker w on w.executor_id = t.dead where w.ended_at is null and t.workflows > 0
"""
_OPEN = ("IN_PROGRESS", "UNCERTAIN")


@dataclass(frozen=True)
class Kept:
    """One submission as the ledger has it."""

    key: str
    reference: str
    state: str
    settled: bool
    replays: int
    seconds: float | None
    shown: bool


@dataclass
class Truth:
    """The ledger by key, the ERPs' orders that carry our references, and the CRM's orders by the same."""

    kept: Mapping[str, Kept]
    booked: Sequence[Booked]
    registered: Mapping[str, Sequence[tuple[str, str]]]
    retries: int = 0
    lost: int = 0
    found: int = 0
    untold: int = 0
    taken_over: int = 0
    longest_takeover: float = 0.0
    states: Counter[str] = field(default_factory=Counter)

    def orders(self) -> Mapping[str, Sequence[Booked]]:
        """Whole orders by the reference of their submission."""
        found: dict[str, list[Booked]] = {}
        for one in self.booked:
            if not one.half:
                found.setdefault(base(one.reference), []).append(one)
        return found

    def twice(self) -> list[str]:
        """References that more than one record of an ERP carries."""
        counted = Counter((one.system, one.reference) for one in self.booked)
        return [reference for (_, reference), number in counted.items() if number > 1]

    def violations(self, wishes: Mapping[str, Wish], changes: Sequence[Change] = ()) -> list[str]:
        """Each promise that was broken, as a sentence; given are all that was handed in."""
        keys = [*wishes, *(change.key for change in changes)]
        broken = [f"{key} was handed in, and is not in the ledger" for key in keys if key not in self.kept]
        broken += [f"{reference} is two records of its ERP" for reference in self.twice()]
        orders = self.orders()
        strange = orders.keys() - {self.kept[key].reference for key in wishes if key in self.kept}
        broken += [f"{reference} is booked, and nobody asked for it" for reference in sorted(strange)]
        for one in self.kept.values():
            broken += [f"{one.key} ({one.state}) {sentence}" for sentence in _untold(one)]
        for key, wish in wishes.items():
            if key in self.kept:
                one, later = self.kept[key], [change for change in changes if change.of == key]
                told = f"{key} ({one.state}, {one.reference})"
                broken += [f"{told} {sentence}" for sentence in self._of(one, wish, later, orders)]
        return broken

    def _of(
        self, one: Kept, wish: Wish, later: Sequence[Change], orders: Mapping[str, Sequence[Booked]]
    ) -> Iterator[str]:
        held, crm = orders.get(one.reference, ()), self.registered.get(one.reference, ())
        standing = [order for order in held if not order.cancelled]
        if len(crm) > 1:
            yield f"is {len(crm)} orders in the CRM"
        if one.state in ("REFUSED", "FAILED") and standing:
            yield f"was not to be booked, and is: {standing[0].number}"
        if one.state != "COMPLETED":
            return
        if len(held) != wish.legs:
            yield f"is completed, and {len(held)} orders of {wish.legs} are in the ERPs"
        numbers = {order.number for order in held}
        if not one.shown and [set(told.split(";")) for _, told in crm] != [numbers]:
            yield f"is {list(crm)} in the CRM and {sorted(numbers)} in the ERPs"
        yield from self._last_word(wish, later, held)

    def _last_word(self, wish: Wish, later: Sequence[Change], held: Sequence[Booked]) -> Iterator[str]:
        """What stands must be what the last submission says that got through; nothing is said where one is open."""
        wanted: Mapping[str, Decimal] | None = wish.quantities
        for change in later:
            known = self.kept.get(change.key)
            if known is None or known.state in _OPEN:
                return
            if known.state == "COMPLETED" and wanted is not None:
                wanted = None if change.quantities is None else {**wanted, **change.quantities}
        standing = [order for order in held if not order.cancelled]
        if wanted is None:
            if standing:
                yield f"was called off, and {standing[0].number} stands"
            return
        found: dict[str, Decimal] = {}
        for order in standing:
            for sku, quantity in order.quantities.items():
                found[sku] = found.get(sku, Decimal(0)) + quantity
        if found != wanted:
            yield f"asks for {_words(wanted)}, and {_words(found)} stands in the ERPs"


def base(reference: str) -> str:
    """The submission's reference of a leg's, and of one that was booked again after it had been taken back."""
    return reference.partition("-")[0].partition(".")[0]


def count_truth(url: str, state: Path) -> Truth:
    """Read everything: the ledger from PostgreSQL, the systems' orders from their own files, past the gateway."""
    with psycopg.connect(url) as session:
        kept = {row[0]: Kept(*row) for row in session.execute(_SUBMISSIONS).fetchall()}
        retries, lost, found = _row(session, _EFFECTS)
        untold, taken, took = (_row(session, asked)[0] for asked in (_UNFINISHED, _TAKEN, _TOOK))
    states = Counter(one.state for one in kept.values())
    truth = Truth(kept, fetch_booked(state), fetch_registered(state), int(retries), int(lost), int(found))
    truth.untold, truth.taken_over, truth.longest_takeover, truth.states = untold, int(taken), took, states
    return truth


def _untold(one: Kept) -> Iterator[str]:
    if not one.settled and not one.shown:
        yield "is neither settled nor in the exception queue"
    if one.state != "COMPLETED" and one.settled and not one.shown:
        yield "did not get through, and nobody is told"


def _words(quantities: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{quantity.normalize():f} {sku}" for sku, quantity in sorted(quantities.items())) or "nothing"


def _row(session: psycopg.Connection[Any], asked: str) -> tuple[Any, ...]:
    return session.execute(asked.encode()).fetchone() or (0, 0, 0)
