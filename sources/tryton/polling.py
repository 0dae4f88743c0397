"""Asking Tryton what was changed, model by model: each record has the instant it was made and that of its last writing.

A change of a record leaves the stamps of those above it alone, so what belongs to an order is looked through too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from sources.kit.call import Call
from sources.kit.polling.places import Page, Place, Seen
from sources.kit.polling.polling import Lane, Polling
from sources.tryton.client import Decoder, Search, TrytonClient
from sources.tryton.domain import Domain, clause, either, every, one_of
from sources.tryton.mapping_changes import (
    of_entry,
    of_invoice,
    of_move,
    of_party,
    of_return,
    of_sale,
    of_sale_line,
    of_shipment,
)
from sources.tryton.reading import INVOICE, PARTY, RETURN, SALE, SHIPMENT
from sources.tryton.settings import Entities, Settings
from sources.tryton.wire_changes import (
    ChangedEntry,
    ChangedInvoice,
    ChangedLine,
    ChangedMove,
    ChangedParty,
    ChangedShipment,
    Stamped,
)

R = TypeVar("R", bound=Stamped)
Look = Callable[[Call, Place], Awaitable[Page]]

SALE_LINE: Final = "sale.line"
MOVE: Final = "stock.move"
ENTRY_LINE: Final = "account.move.line"
BY_ID: Final = (("id", "ASC"),)
_STAMPS: Final = ("create_date", "write_date")


def polling_of(client: TrytonClient, settings: Settings, entities: Entities, now: Callable[[], datetime]) -> Polling:
    """The models that the settings choose, each looked through in one HTTP call a step."""
    looking = _Looking(client, settings, entities)
    looks = {
        "sales": looking.model(SALE, (), Stamped, of_sale),
        "sale_lines": looking.model(SALE_LINE, ("sale",), ChangedLine, of_sale_line, "sale.company"),
        "shipments": looking.model(SHIPMENT, ("outgoing_moves.sale",), ChangedShipment, of_shipment),
        "returns": looking.model(RETURN, ("incoming_moves.sale",), ChangedShipment, of_return),
        "moves": looking.model(
            MOVE, ("shipment", "sale"), ChangedMove, of_move, only=clause("shipment", "like", f"{SHIPMENT}%")
        ),
        "invoices": looking.model(
            INVOICE,
            ("total_amount", "sales", "origin_invoices.sales"),
            ChangedInvoice,
            of_invoice,
            only=clause("type", "=", "out"),
        ),
        "receivables": looking.model(
            ENTRY_LINE,
            ("move.origin", "move.journal.type", "invoice_payment"),
            ChangedEntry,
            lambda row: of_entry(row, settings),
            "move.company",
            only=clause("account.type.receivable", "=", value=True),
        ),
        "customers": looking.model(PARTY, ("code",), ChangedParty, of_party, company=None),
    }
    overlap = timedelta(minutes=settings.poll_overlap_minutes)
    chosen = dict.fromkeys(settings.polled)
    return Polling([Lane(name=name, look=looks[name], overlap=overlap, rising=True) for name in chosen], now)


class _Looking:
    """How each model is read."""

    def __init__(self, client: TrytonClient, settings: Settings, entities: Entities) -> None:
        self._client, self._settings, self._entities = client, settings, entities

    def model(
        self,
        name: str,
        fields: Sequence[str],
        row: type[R],
        seen: Callable[[R], Seen],
        company: str | None = "company",
        *,
        only: Domain | None = None,
    ) -> Look:
        """Records of a model; `company` is the way to the company whose they are, `only` what else holds for them."""
        search, size = Search(name, (*_STAMPS, *fields)), self._settings.page_size
        decoder: Decoder[R] = msgspec.json.Decoder(list[row])  # type: ignore[valid-type]

        async def look(call: Call, place: Place) -> Page:
            changed = either(clause(field, ">=", place.since) for field in _STAMPS)
            behind = clause("id", ">", int(place.behind[-1])) if place.behind else None
            domain = every(only, self._narrowed(call, company), behind, changed)
            rows = await self._client.page(call, search, decoder, domain, BY_ID, size)
            return Page(tuple(seen(one) for one in rows), len(rows) >= size)

        return look

    def _narrowed(self, call: Call, company: str | None) -> Domain | None:
        companies = self._entities.companies(call.view.legal_entities)
        return one_of(company, companies) if company is not None and companies is not None else None
