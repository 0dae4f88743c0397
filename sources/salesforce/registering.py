"""How an order that was born elsewhere comes to stand in the org: look, make what is missing, activate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from canonical.errors import ProblemCategory, Refused
from canonical.intake import CrmOrderRequest
from sources.kit.call import Call
from sources.salesforce.client import Org, both
from sources.salesforce.mapping_written import (
    ORDER_NODE,
    line_node,
    line_reference,
    line_upsert,
    order_upsert,
    parents_first,
)
from sources.salesforce.settings import Settings
from sources.salesforce.standing import Standing
from sources.salesforce.values import sent
from sources.salesforce.wire import Product, Rows
from sources.salesforce.wire_written import Offered, StandingLine, StandingOrder
from sources.salesforce.writing import MOST_NODES, Change, Writing

_OPERATION: Final = "register Order"


class Registering:
    """Registers orders once a reference, which their external id carries.

    Three things make it safe to repeat, at any time and from several places at once:
    1. It looks first, and makes only what is missing. The graph is not simply sent again because it cannot be: OrderId
       and PricebookEntryId of a line are fixed when it is made, so that the platform refuses the whole graph.
    2. Order and lines are upserts by external ids that the platform keeps unique. A graph that comes second (its twin's
       answer was lost, or another was faster) is therefore refused whole; after a refusal it looks again.
    3. A graph happens whole or not at all, so an order that fits into one is never there in part. The lines of larger
       ones follow in further graphs, which a repeat continues. The order is activated when all of it is there.
    """

    def __init__(self, org: Org, writing: Writing, standing: Standing, system: str) -> None:
        """Keep the ways to look and to write."""
        self._org = org
        self._writing = writing
        self._standing = standing
        self._settings: Settings = standing.settings
        self._system = system

    async def register(self, call: Call, request: CrmOrderRequest) -> str:
        """The order's id. Refused where the org does not take it; a draft that it does not activate stays there."""
        self._writing.refuse_where_read_only()
        self._refuse_other_currency(request)
        # Both are asked in one turn of the loop, and so in one call.
        order, offers = await both(self._order(call, request), self._offers(call, request))
        if order is None or self._missing(order, request):
            try:
                key = await self._make(call, request, order, offers)
            except Refused:
                order = await self._order(call, request)
                if order is None or self._missing(order, request):
                    raise
            else:
                return await self._activated(call, key)
        return await self._activated(call, order.id) if _is_draft(order) else order.id

    async def _order(self, call: Call, request: CrmOrderRequest) -> StandingOrder | None:
        select = self._standing.order_that_carries(request.reference, with_lines=_is_large(request))
        (rows,) = await self._org.query(call, [select], self._standing.orders, fresh=True)
        found = [row for row in rows if row.reference == request.reference]
        if len(found) > 1:
            sentence = f"{self._system} has {len(found)} orders that carry {request.reference}: only one may."
            raise Refused(self._system, sentence, category=ProblemCategory.CONFLICT)
        return found[0] if found else None

    async def _offers(self, call: Call, request: CrmOrderRequest) -> dict[str, Offered]:
        """The price book's entry of each product; of several with one sku the oldest."""
        selects = self._standing.offers_of([line.sku for line in request.lines], request.currency_code)
        found = await self._org.query(call, selects, self._standing.offers, fresh=True)
        offers: dict[str, Offered] = {}
        for row in sorted((row for rows in found for row in rows), key=lambda row: row.id):
            if isinstance(row.product2, Product) and isinstance(row.product2.sku, str):
                offers.setdefault(row.product2.sku, row)
        return offers

    def _missing(self, order: StandingOrder, request: CrmOrderRequest) -> bool:
        """Whether lines are still to come: only a large order's, and only while it is a draft."""
        lines = _standing_lines(order, request)
        return _is_draft(order) and _is_large(request) and len(lines) < len(request.lines)

    async def _make(
        self, call: Call, request: CrmOrderRequest, order: StandingOrder | None, offers: Mapping[str, Offered]
    ) -> str:
        self._refuse_without_price(request, offers)
        key = order.id if order else None
        lines = _standing_lines(order, request) if order else {}
        left = [place for place in parents_first(request.lines) if place not in lines]
        book = offers[request.lines[0].sku].pricebook2_id if request.lines else self._settings.pricebook
        while left or key is None:
            upserts = [] if key else [order_upsert(request, book, self._settings)]
            run = left[: MOST_NODES - len(upserts)]
            left = left[len(run) :]
            upserts += [
                line_upsert(
                    request,
                    place,
                    key,
                    _parent(request, place, lines),
                    offers[request.lines[place].sku],
                    self._settings,
                )
                for place in run
            ]
            made = await self._writing.save_graph(call, upserts, _OPERATION)
            key = key or made[ORDER_NODE]
            lines |= {place: made[line_node(place)] for place in run}
        return key

    async def _activated(self, call: Call, key: str) -> str:
        if self._settings.activate_registered:
            change = Change("Order", key, {"Status": self._settings.activated_status})
            # Activated once more it is still active: the client may send it again.
            await self._writing.change(call, change, "activate Order", "replayable")
        return key

    def _refuse_other_currency(self, request: CrmOrderRequest) -> None:
        settings = self._settings
        if not settings.multi_currency and request.currency_code != settings.currency:
            sentence = f"{self._system} keeps {settings.currency} only, and the order is in {request.currency_code}."
            raise Refused(self._system, sentence, category=ProblemCategory.PRICING)

    def _refuse_without_price(self, request: CrmOrderRequest, offers: Mapping[str, Offered]) -> None:
        skus = dict.fromkeys(line.sku for line in request.lines if line.sku not in offers)
        if skus:
            sentence = f"The price book in {self._system} has no {request.currency_code} price of {', '.join(skus)}."
            raise Refused(self._system, sentence, category=ProblemCategory.PRICING)


def _is_draft(order: StandingOrder) -> bool:
    # One that is in approval is for people to decide.
    return sent(order.status_code) == "Draft"


def _is_large(request: CrmOrderRequest) -> bool:
    return len(request.lines) >= MOST_NODES


def _standing_lines(order: StandingOrder, request: CrmOrderRequest) -> dict[int, str]:
    """The ids of the order's lines by their place in the request."""
    items: Sequence[StandingLine] = order.order_items.records if isinstance(order.order_items, Rows) else ()
    keys = {item.reference: item.id for item in items}
    places = {place: keys.get(line_reference(request.reference, place)) for place in range(len(request.lines))}
    return {place: key for place, key in places.items() if key is not None}


def _parent(request: CrmOrderRequest, place: int, lines: Mapping[int, str]) -> str | None:
    parent = request.lines[place].parent
    return None if parent is None else lines.get(parent)
