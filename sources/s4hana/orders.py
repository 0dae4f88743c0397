"""Asking SAP for sales orders: by what names them, and as a stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from canonical.order import OrderRecord, Stage
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.kit.odata.filters import either, eq, every, holds, one_of, runs
from sources.kit.odata.literals import day, text
from sources.kit.odata.payload import Collection
from sources.kit.odata.query import Query
from sources.ports import Lookup, OrderQuery, Page, Position
from sources.s4hana.client import Decoder, S4Client
from sources.s4hana.faults import contract
from sources.s4hana.mapping_order import REJECTED, SapOrder, to_order
from sources.s4hana.reading import Reading, order_row
from sources.s4hana.services import ORDERS
from sources.s4hana.settings import Entities, Settings
from sources.s4hana.settings_intake import LENGTHS
from sources.s4hana.shapes import order_shape
from sources.s4hana.values import LONGEST_REFERENCE, is_document, midnight, unpadded
from sources.s4hana.wire import SalesOrder

SET: Final = "A_SalesOrder"
NEWEST_FIRST: Final = ("CreationDate desc", "SalesOrder desc")
_TOLD: Final = frozenset({Stage.BOOKED, Stage.CANCELLED})


class Orders:
    """Sales orders of one system."""

    def __init__(
        self, client: S4Client, settings: Settings, entities: Entities, reading: Callable[[], Reading]
    ) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._entities, self._reading = client, settings, entities, reading
        row = order_row(settings)
        self._decoder: Decoder[SalesOrder] = msgspec.json.Decoder(Collection[row])  # type: ignore[valid-type]

    async def fetch(self, call: Call, lookup: Lookup, wanted: Wanted) -> list[SapOrder]:
        """Every order that the lookup names, each once: one HTTP call."""
        queries = self._named(call, lookup, wanted)
        if not queries:
            return []
        rows = await self._client.read(call, ORDERS, queries, self._decoder)
        return list(self._records([row for part in rows for row in part], wanted).values())

    async def stream(self, call: Call, query: OrderQuery, wanted: Wanted, also: Lookup | None) -> Page[OrderRecord]:
        """One page of the stream, and what else is named, in one HTTP call."""
        page = self._page(call, query, wanted)
        named = self._named(call, also, wanted) if also else []
        if page is None and not named:
            return Page((), more=False)
        rows = await self._client.read(call, ORDERS, [*([page] if page else []), *named], self._decoder)
        first = rows[0] if page else []
        listed = self._records(first[: query.first], wanted)
        others = self._records([row for part in rows[1 if page else 0 :] for row in part], wanted)
        return Page(tuple(listed.values()), more=len(first) > query.first, also=tuple(others.values()))

    def _records(self, rows: Sequence[SalesOrder], wanted: Wanted) -> dict[str, SapOrder]:
        reading = self._reading()
        with contract(self._client.system):
            records = (to_order(row, reading, wanted) for row in rows)
            return {record.ref.key: record for record in records}

    def _named(self, call: Call, lookup: Lookup, wanted: Wanted) -> list[Query]:
        """The reads for what a lookup names, as few as fit into URLs; none where nothing can be meant."""
        numbers = [unpadded(key) for key in (*lookup.keys, *lookup.numbers) if is_document(key)]
        references = [reference for reference in lookup.partner_keys if 0 < len(reference) <= LONGEST_REFERENCE]
        conditions = [eq("SalesOrder", number) for number in numbers]
        conditions += [
            eq(field, reference)
            for field in self._settings.partner_fields()
            for reference in references
            if len(reference) <= LENGTHS.get(field, LONGEST_REFERENCE)
        ]
        organizations = self._entities.organizations(call.view.legal_entities)
        if organizations == ():
            return []
        seen = one_of("SalesOrganization", organizations) if organizations else None
        shape = order_shape(wanted, self._settings)
        return [Query(SET, shape, every(either(run), seen), ("SalesOrder",)) for run in runs(conditions)]

    def _page(self, call: Call, query: OrderQuery, wanted: Wanted) -> Query | None:
        """The read of one page, and one row more to see whether more follow; None where none can fit."""
        organizations = self._organizations(call, query)
        if organizations == () or (query.stages is not None and not query.stages & _TOLD):
            return None
        where = every(
            one_of("SalesOrganization", organizations) if organizations else None,
            _one_of("SoldToParty", query.customer_keys),
            _one_of("ReferenceSDDocument", query.quote_keys),
            _stages(query.stages),
            f"CreationDate ge {day(query.ordered_from)}" if query.ordered_from else None,
            f"CreationDate le {day(query.ordered_to)}" if query.ordered_to else None,
            self._search(query.search),
            _behind(query.after),
        )
        if () in (query.customer_keys, query.quote_keys):
            return None
        return Query(SET, order_shape(wanted, self._settings), where, NEWEST_FIRST, query.first + 1)

    def _organizations(self, call: Call, query: OrderQuery) -> tuple[str, ...] | None:
        seen = call.view.legal_entities
        if query.legal_entity_code is None:
            return self._entities.organizations(seen)
        if seen is not None and query.legal_entity_code not in seen:
            return ()
        return self._entities.organizations(frozenset({query.legal_entity_code}))

    def _search(self, search: str | None) -> str | None:
        """By number, or by what people typed as their reference."""
        if not search:
            return None
        fields = dict.fromkeys((self._settings.reference_field, self._settings.purchase_order_field))
        conditions = [holds(field, search) for field in fields]
        if is_document(search):
            conditions.append(eq("SalesOrder", unpadded(search)))
        return either(conditions)


def _one_of(field: str, keys: tuple[str, ...] | None) -> str | None:
    return one_of(field, (unpadded(key) for key in keys)) if keys else None


def _stages(stages: frozenset[Stage] | None) -> str | None:
    """What is in SAP is booked or rejected altogether."""
    if stages is None or stages >= _TOLD:
        return None
    operator = "eq" if Stage.CANCELLED in stages else "ne"
    return f"OverallSDDocumentRejectionSts {operator} {text(REJECTED)}"


def _behind(after: Position | None) -> str | None:
    """What comes behind a position: orders have a day and no time, so the number decides within it."""
    if after is None:
        return None
    on = after.at.date()
    if _is_later(after.at):
        return f"CreationDate lt {day(on + timedelta(days=1))}"
    same = f"(CreationDate eq {day(on)} and SalesOrder lt {text(after.key)})"
    return either([f"CreationDate lt {day(on)}", same])


def _is_later(at: datetime) -> bool:
    """Whether a position lies behind the beginning of its day, where no order of ours can stand."""
    return at > midnight(at.date())
