"""Asking Tryton for sales: by what names them, and as a stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from canonical.order import OrderRecord, Stage
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import Lookup, OrderQuery, Page
from sources.tryton.client import Search, TrytonClient
from sources.tryton.domain import (
    Domain,
    behind_instant,
    clause,
    either,
    every,
    holds,
    identities,
    identity,
    named,
    none_of,
    one_of,
    texts,
)
from sources.tryton.fields import credit_paths, order_paths
from sources.tryton.mapping_order import STAGES, may_be_held, to_order
from sources.tryton.reading import SALE, Reading
from sources.tryton.settings import Entities, Settings, first_of
from sources.tryton.values import midnight
from sources.tryton.wire import Sale, sales_under

NEWEST_FIRST: Final = (("create_date", "DESC"), ("id", "DESC"))
_WEIGHED: Final = msgspec.json.Decoder(list[Sale])
_AXES: Final = ("shipment_state", "invoice_state")
Read = Callable[[int | None], Reading]


class Orders:
    """Sales of one database. They are listed by when they were made, which every sale has from its draft on."""

    def __init__(self, client: TrytonClient, settings: Settings, entities: Entities, reading: Read) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._entities, self._reading = client, settings, entities, reading
        self._decoder: msgspec.json.Decoder[list[Sale]] = msgspec.json.Decoder(
            list[_sales(settings)]  # type: ignore[misc]
        )

    async def fetch(self, call: Call, lookup: Lookup, wanted: Wanted) -> list[OrderRecord]:
        """Every sale that the lookup names: one HTTP call, one more where a quotation could be held for credit."""
        rows = await self._read(call, self._pairs(lookup), order_paths(wanted, self._settings))
        return await self._records(call, rows, wanted)

    async def stream(self, call: Call, query: OrderQuery, wanted: Wanted, also: Lookup | None) -> Page[OrderRecord]:
        """One page of the stream, and what else is named beside it: one HTTP call, two where something is left to ask.

        The second reads what is named and not in hand, and again each quotation that could be held for credit: that
        takes Tryton long to add up, so only those pay for it.
        """
        paths, entity = order_paths(wanted, self._settings), query.legal_entity_code
        rows = await self._page(call, query, paths)
        if also is None:
            records = await self._records(call, rows[: query.first], wanted, entity)
            return Page(tuple(records), more=len(rows) > query.first)
        more = {row.id: row for row in await self._beside(call, also, rows, paths, entity)}
        reading = self._read_as(call, entity)
        listed = tuple(to_order(row, reading, wanted, more.get(row.id)) for row in rows[: query.first])
        others = {**{row.id: row for row in rows}, **more}.values()
        beside = tuple(to_order(row, reading, wanted, more.get(row.id)) for row in others if self._is_named(row, also))
        return Page(listed, more=len(rows) > query.first, also=beside)

    async def _beside(
        self, call: Call, also: Lookup, rows: Sequence[Sale], paths: tuple[str, ...], entity: str | None
    ) -> list[Sale]:
        """What is named besides the rows, and those of the rows that could be held; with the customers' credit."""
        held = [("id", row.id) for row in rows if self._settings.credit and may_be_held(row)]
        in_hand = {row.id for row in rows}
        pairs = [pair for pair in self._pairs(also) if pair[0] != "id" or pair[1] not in in_hand]
        rest = none_of("id", [row.id for row in rows if row.id not in {key for _, key in held}])
        return await self._read(call, [*held, *pairs], self._with_credit(paths), rest, entity)

    async def _records(
        self, call: Call, rows: Sequence[Sale], wanted: Wanted, entity: str | None = None
    ) -> list[OrderRecord]:
        held = [row.id for row in rows if may_be_held(row)] if self._settings.credit else []
        weighed: dict[int, Sale] = {}
        reading = self._read_as(call, entity)
        if held:
            search = Search(SALE, credit_paths(), reading.company)
            found = await self._client.every(call, search, _WEIGHED, held, lambda ids: one_of("id", ids))
            weighed = {row.id: row for row in found}
        return [to_order(row, reading, wanted, weighed.get(row.id)) for row in rows]

    def _with_credit(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        if not self._settings.credit:
            return paths
        # `company` alone would come back as an id where its currency is asked for too.
        return tuple(path for path in dict.fromkeys((*paths, *credit_paths())) if path != "company")

    def _pairs(self, lookup: Lookup) -> list[tuple[str, str | int]]:
        pairs: list[tuple[str, str | int]] = [("id", key) for key in identities(lookup.keys)]
        pairs += [("number", number) for number in texts(lookup.numbers)]
        return [*pairs, *((self._settings.reference_field, reference) for reference in texts(lookup.partner_keys))]

    def _is_named(self, row: Sale, lookup: Lookup) -> bool:
        named_by = (row.reference in lookup.partner_keys, row.number in lookup.numbers, str(row.id) in lookup.keys)
        return any(named_by)

    async def _read(
        self,
        call: Call,
        pairs: Sequence[tuple[str, str | int]],
        paths: tuple[str, ...],
        rest: Domain | None = None,
        entity: str | None = None,
    ) -> list[Sale]:
        """Sales by name, within the rest; read as the company of an entity, for what Tryton keeps by company."""
        companies = self._entities.companies(call.view.legal_entities)
        if not pairs or companies == ():
            return []
        seen = one_of("company", companies) if companies else None
        asked_as = first_of(self._entities.companies(call.view.legal_entities, entity), self._entities)
        search = Search(SALE, paths, asked_as)
        return await self._client.every(call, search, self._decoder, pairs, lambda run: every(named(run), seen, rest))

    async def _page(self, call: Call, query: OrderQuery, paths: tuple[str, ...]) -> list[Sale]:
        """The rows of one page, and one more to see whether more follow."""
        companies = self._entities.companies(call.view.legal_entities, query.legal_entity_code)
        if companies == () or () in (query.customer_keys, query.quote_keys, query.opportunity_keys):
            return []
        ends = midnight(query.ordered_to) + timedelta(days=1) if query.ordered_to else None
        where = every(
            one_of("company", companies) if companies else None,
            one_of("party.code", texts(query.customer_keys)) if query.customer_keys is not None else None,
            _standing(query.stages) if query.stages is not None else None,
            clause("create_date", ">=", midnight(query.ordered_from)) if query.ordered_from else None,
            clause("create_date", "<", ends) if ends else None,
            self._search(query.search),
            behind_instant("create_date", query.after.at, identity(query.after.key)) if query.after else None,
        )
        search = Search(SALE, paths, first_of(companies, self._entities))
        return await self._client.page(call, search, self._decoder, where, NEWEST_FIRST, query.first + 1)

    def _search(self, search: str | None) -> Domain | None:
        """By number, or by what people typed as their reference."""
        found = texts([search or ""])
        if not found:
            return None
        fields = ("number", self._settings.reference_field, self._settings.purchase_order_field)
        return either(holds(field, found[0]) for field in dict.fromkeys(fields) if field)

    def _read_as(self, call: Call, entity: str | None) -> Reading:
        return self._reading(first_of(self._entities.companies(call.view.legal_entities, entity), self._entities))


def _sales(settings: Settings) -> type[Sale]:
    return sales_under(settings.reference_field, settings.purchase_order_field, settings.customer_reference_field)


def _standing(stages: frozenset[Stage]) -> Domain:
    """Sales of these stages; those that were emptied are done by their state, and cancelled by what they came to."""
    states = one_of("state", [state for state, stage in STAGES.items() if stage in stages])
    empty = every(*(clause(field, "=", "none") for field in _AXES))
    if Stage.CANCELLED in stages and Stage.BOOKED not in stages:
        return either([states, every(clause("state", "=", "done"), empty)])
    if Stage.BOOKED in stages and Stage.CANCELLED not in stages:
        rest = [clause("state", "!=", "done"), *(clause(field, "!=", "none") for field in _AXES)]
        return every(states, either(rest))
    return states
