"""The story goes on: what is another in a deal now is written as the org's users and its integration would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sources.kit.sandbox.moves import ADOPTED, EstrangedError, Opens, Paper, Turn, Written
from sources.kit.sandbox.story import Deal, Story
from sources.salesforce.sandbox.model import Field, SObject
from sources.salesforce.sandbox.org import Org
from sources.salesforce.sandbox.tell import Rows, tell_deal
from sources.salesforce.sandbox.values import moment_text, told
from sources.salesforce.sandbox.write import insert, live_row, update

Key = tuple[str, str]
Row = Mapping[str, object]

_CONCEPTS: Final = {
    "Account": ("Customer", "Id"),
    "Contact": ("Customer", "AccountId"),
    "Quote": ("Quote", "Id"),
    "QuoteLineItem": ("Quote", "QuoteId"),
    "Contract": ("Contract", "Id"),
    "Order": ("Order", "Id"),
    "OrderItem": ("Order", "OrderId"),
}
"""What the graph calls a row, and the field that has its key there."""
_STAMPS: Final = frozenset({"Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"})
_AS_AGREED: Final = {
    "Opportunity": frozenset({"StageName", "Probability", "CloseDate"}),
    "Quote": frozenset({"Status", "Approved_At__c", "Accepted_At__c"}),
    "QuoteLineItem": frozenset[str](),
}
"""What still changes of a sale that was agreed; an amended order leaves its quote as it was."""
_LATER: Final = ("Opportunity", "SyncedQuoteId")
"""Names a row that is made after it."""


class SalesforceMoves(Opens):
    """The moves of one org: each through the same insert and update as a client's, stamped by the org's clock."""

    def __init__(self, org: Org, instance: str) -> None:
        """Nothing is read before the first move."""
        self._org = org
        self._instance = instance

    def following(self, paper: Paper, count: int) -> str:
        """Never asked: no such paper is made here."""
        raise LookupError(f"{self._instance} makes no {paper} ({count})")

    def admit(self, turn: Turn) -> None:
        """Refuse where a row that is to be changed, or the order itself, is not as the story left it."""
        now = self._rows(turn.now, turn.place)
        for key, row in self._rows(turn.was, turn.place).items():
            if key[0] in {"Order", "OrderItem"} or self._changes(key, row, now[key]):
                self._compare(key, row)

    def follow(self, turn: Turn) -> list[Written]:
        """Change rows by object; the times of the story are kept in the company's own fields."""
        was = self._rows(turn.was, turn.place)
        written: dict[Written, None] = {}
        with self._org.store.atomic():
            for key, row in self._rows(turn.now, turn.place).items():
                if changes := self._changes(key, was[key], row):
                    update(self._org, self._org.type(key[0]), key[1], changes)
                    written |= _named(key[0], row, made=False)
        return list(written)

    def open_deal(self, story: Story, deal: Deal) -> tuple[Deal, list[Written]]:
        """Insert opportunity, quote and draft order with their lines, and read what the org called them."""
        given: dict[object, str] = {}
        written: dict[Written, None] = {}
        linked: list[tuple[str, object]] = []
        with self._org.store.atomic():
            for key, row in self._rows(replace(story, deals=(deal,)), len(story.deals) + 1).items():
                if key[0] in {"Account", "Contact"}:
                    continue
                one = self._org.type(key[0])
                body = {name: given.get(value, value) for name, value in row.items() if name not in _STAMPS}
                if key[0] == _LATER[0]:
                    linked.append((key[1], row[_LATER[1]]))
                    del body[_LATER[1]]
                given[key[1]] = insert(self._org, one, _sent(one, body, creating=True))
                written |= _named(key[0], {**body, "Id": given[key[1]]}, made=True)
            for opportunity, quote in linked:
                named = {_LATER[1]: given.get(quote)}
                update(self._org, self._org.type(_LATER[0]), given[opportunity], named)
        return self._called(deal, given), list(written)

    def _called(self, deal: Deal, given: Mapping[object, str]) -> Deal:
        order = given[deal.crm_key]
        offer = deal.offer
        if offer is not None:
            keys = tuple(given[key] for key in offer.line_keys)
            number = str(live_row(self._org, self._org.type("Quote"), given[offer.crm_key])["QuoteNumber"])
            offer = replace(offer, crm_key=given[offer.crm_key], number=number, line_keys=keys)
        return replace(
            deal,
            crm_key=order,
            crm_number=str(live_row(self._org, self._org.type("Order"), order)["OrderNumber"]),
            opportunity_key=given[deal.opportunity_key],
            offer=offer,
            lines=tuple(replace(line, crm_key=given[line.crm_key]) for line in deal.lines),
        )

    def _rows(self, story: Story, place: int) -> dict[Key, Row]:
        if story.crm_instance != self._instance or ADOPTED in story.deals[0].traits:
            return {}
        return {(name, str(row["Id"])): row for name, row in _each(tell_deal(story, story.deals[0], place))}

    def _changes(self, key: Key, was: Row, now: Row) -> dict[str, object]:
        """What is to be sent of a row that is another now."""
        kept = _AS_AGREED.get(key[0], frozenset(now))
        body = {name: now[name] for name in now if name in kept and now[name] != was.get(name)}
        return _sent(self._org.type(key[0]), body, creating=False)

    def _compare(self, key: Key, row: Row) -> None:
        one = self._org.type(key[0])
        held = self._org.store.row(one, key[1])
        expected = {name: _column(one.fields[name], row[name]) for name in _told(one, row)}
        if held is None or held["IsDeleted"] or {name: held[name] for name in expected} != expected:
            raise EstrangedError(f"somebody else has changed {key[0]} {key[1]} in {self._instance}")


def _each(rows: Rows) -> Iterator[tuple[str, Row]]:
    return ((name, row) for name, several in rows.items() for row in several)


def _told(one: SObject, row: Row) -> list[str]:
    """The fields of a row that people fill in; the platform fills in the others."""
    return [name for name in row if name not in _STAMPS and one.fields[name].writable != "never"]


def _sent(one: SObject, body: Row, *, creating: bool) -> dict[str, object]:
    """The body as a client would send it, without what is not a client's to say."""
    writable = {"both", "create"} if creating else {"both"}
    return {name: _spelled(body[name]) for name in _told(one, body) if one.fields[name].writable in writable}


def _spelled(value: object) -> object:
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def _column(field: Field, value: object) -> object:
    if value is None:
        return 0 if field.type == "boolean" else None
    return told(field, value)


def _named(name: str, row: Row, *, made: bool) -> dict[Written, None]:
    """The record of the graph that a row belongs to, where there is one."""
    if name not in _CONCEPTS:
        return {}
    concept, field = _CONCEPTS[name]
    return {Written(concept, str(row[field]), made=made): None}
