"""What really is in the systems' own files and in the ledger at the end, and what should not be."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

_SUBMISSIONS = """
select s.idempotency_key, s.external_reference, s.state, s.settled_at is not null, s.replays,
  cast(extract(epoch from s.settled_at - s.submitted_at) as float8),
  exists (select 1 from integration_exception x where x.submission_id = s.id and x.status <> 'RESOLVED')
from submission s where s.operation = 'SUBMIT_ORDER'
"""
_EFFECTS = """
select coalesce(sum(greatest(attempt - 1, 0)), 0), coalesce(sum(lost), 0),
  coalesce(sum(lost) filter (where state = 'DONE'), 0) from effect
"""
_UNFINISHED = "select count(*) from effect where kind = 'WRITE_BACK' and state <> 'DONE'"
_TAKEN = "select coalesce(sum(workflows), 0) from takeover"


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
    """The ledger, the ERPs' orders by the reference that they carry, and the CRM's orders by the same."""

    kept: Mapping[str, Kept]
    booked: Mapping[str, Sequence[str]]
    registered: Mapping[str, Sequence[tuple[str, str]]]
    retries: int = 0
    lost: int = 0
    found: int = 0
    untold: int = 0
    taken_over: int = 0
    states: Counter[str] = field(default_factory=Counter)

    def violations(self, keys: Sequence[str]) -> list[str]:
        """Each promise that was broken, as a sentence; `keys` are all that were handed in."""
        broken = [f"{key} was handed in, and is not in the ledger" for key in keys if key not in self.kept]
        strange = self.booked.keys() - {one.reference for one in self.kept.values()}
        broken += [f"{reference} is booked, and nobody asked for it" for reference in sorted(strange)]
        for one in self.kept.values():
            broken += self._of(one)
        return broken

    def _of(self, one: Kept) -> list[str]:
        numbers, crm = self.booked.get(one.reference, ()), self.registered.get(one.reference, ())
        told = [f"{one.key} ({one.state}, {one.reference})"]
        broken = []
        if len(numbers) > 1:
            broken.append(f"is {len(numbers)} orders in the ERP: {', '.join(numbers)}")
        if one.state == "COMPLETED" and not numbers:
            broken.append("is completed, and no ERP has it")
        if one.state in ("REFUSED", "FAILED") and numbers:
            broken.append(f"was not to be booked, and is: {numbers[0]}")
        if not one.settled and not one.shown:
            broken.append("is neither settled nor in the exception queue")
        if one.state != "COMPLETED" and one.settled and not one.shown:
            broken.append("did not get through, and nobody is told")
        if len(crm) > 1:
            broken.append(f"is {len(crm)} orders in the CRM")
        if one.state == "COMPLETED" and not one.shown and [number for _, number in crm] != list(numbers):
            broken.append(f"is {crm} in the CRM and {numbers} in the ERP")
        return [f"{told[0]} {sentence}" for sentence in broken]


def count_truth(url: str, state: Path) -> Truth:
    """Read everything: the ledger from PostgreSQL, the systems' orders from their own files, past the gateway."""
    with psycopg.connect(url) as session:
        kept = {row[0]: Kept(*row) for row in session.execute(_SUBMISSIONS).fetchall()}
        retries, lost, found = _row(session, _EFFECTS)
        untold, taken = _row(session, _UNFINISHED)[0], _row(session, _TAKEN)[0]
    states = Counter(one.state for one in kept.values())
    return Truth(
        kept, _booked(state), _registered(state), int(retries), int(lost), int(found), untold, int(taken), states
    )


def count_orders(state: Path) -> int:
    """How many orders all ERPs have, whoever asked for them."""
    return sum(int(row[0]) for path in _erps(state) for row in _rows(path, "select count(*) from A_SalesOrder"))


def _booked(state: Path) -> dict[str, list[str]]:
    asked = "select PurchaseOrderByCustomer, SalesOrder from A_SalesOrder where PurchaseOrderByCustomer glob 'RG*'"
    booked: dict[str, list[str]] = {}
    for path in _erps(state):
        for reference, number in _rows(path, asked):
            # Stored with leading zeros, which no interface of it shows.
            booked.setdefault(reference, []).append(number.lstrip("0"))
    return booked


def _registered(state: Path) -> dict[str, list[tuple[str, str]]]:
    asked = """select Gateway_Key__c, Id, coalesce(ERP_Order_Number__c, '') from "Order"
        where Gateway_Key__c glob 'RG*' and IsDeleted = 0"""
    registered: dict[str, list[tuple[str, str]]] = {}
    for reference, key, number in _rows(next(state.glob("salesforce*.sqlite")), asked):
        registered.setdefault(reference, []).append((key, number))
    return registered


def _erps(state: Path) -> list[Path]:
    return sorted(state.glob("*.sqlite3"))


def _rows(path: Path, asked: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        return file.execute(asked).fetchall()


def _row(session: psycopg.Connection[Any], asked: str) -> tuple[Any, ...]:
    return session.execute(asked.encode()).fetchone() or (0, 0, 0)
