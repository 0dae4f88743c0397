"""Changes of an order that is booked, as the operations of one changeset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from canonical.errors import ProblemCategory
from canonical.intake import Amendment, LineChange
from sources.kit.odata.batch import Operation
from sources.kit.odata.literals import encoded, text, written_day
from sources.s4hana.order_bodies import OrderBodies
from sources.s4hana.sendable import Body, Sendable
from sources.s4hana.settings import Settings
from sources.s4hana.values import unpadded
from sources.s4hana.wire_intake import WrittenItem, WrittenOrder

ORDER_SET: Final = "A_SalesOrder"
ITEM_SET: Final = "A_SalesOrderItem"
PRICE_SET: Final = "A_SalesOrderItemPrElement"
SCHEDULE_SET: Final = "A_SalesOrderScheduleLine"
GONE_OUT: Final = frozenset("BC")
"""Statuses of an item of which a part, or all, is in deliveries or bills."""
_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}


class Changes:
    """Writes changes for one system."""

    def __init__(self, system: str, settings: Settings) -> None:
        self._system, self._settings = system, settings
        self._sendable, self._bodies = Sendable(system, settings), OrderBodies(system, settings)

    def amendment(self, standing: WrittenOrder, amendment: Amendment) -> list[Operation]:
        """The operations of an amendment; the order's head comes first, and is bound to the version that was read."""
        own = list(self._lines(standing, amendment))
        head = self._head_of(amendment)
        if self._settings.one_change_a_changeset:
            only = [*([self._patch(ORDER_SET, standing, head)] if head else []), *own]
            if len(only) > 1:
                sentence = f"{self._system} takes one change of an order at a time: nothing was changed."
                raise self._sendable.refused(sentence, ProblemCategory.SYSTEM_REFUSED)
            return [_bound(operation, standing) for operation in only]
        return [self._guard(standing, {**head, **self._mark(amendment.reference)}), *own]

    def cancellation(self, standing: WrittenOrder, reference: str, reason: str) -> list[list[Operation]]:
        """Changesets that reject every item that stands: one, or one an item where the system takes no more."""
        code = self._settings.rejection_reasons.get(reason, self._settings.rejection_reason)
        open_items = [item for item in standing.to_Item.results if not item.SalesDocumentRjcnReason]
        self.may_be_rejected(open_items)
        rejections = [self._rejection(standing, item.SalesOrderItem, code) for item in open_items]
        if self._settings.one_change_a_changeset:
            return [[rejection] for rejection in rejections]
        return [[self._guard(standing, self._mark(reference)), *rejections]]

    def dates(self, standing: WrittenOrder, days: Mapping[str, date]) -> tuple[list[Operation], list[str]]:
        """Requested days of items by number, and the items that have nothing to be delivered and so no day."""
        items = {unpadded(item.SalesOrderItem): item for item in standing.to_Item.results}
        dated = {key: day for key, day in days.items() if key in items and items[key].to_ScheduleLine.results}
        operations = [self._scheduled(standing, items[key], day) for key, day in dated.items()]
        undated = [key for key in days if key not in dated]
        return ([self._guard(standing, {}), *operations] if operations else [], undated)

    def may_be_rejected(self, items: Iterable[WrittenItem]) -> None:
        """Refused with category CONFLICT where something of an item is in deliveries or bills."""
        for item in items:
            if {item.DeliveryStatus, item.OrderRelatedBillingStatus} & GONE_OUT:
                number = unpadded(item.SalesOrderItem)
                sentence = f"Line {number} is delivered or billed already: it takes a return or a credit instead."
                raise self._sendable.refused(sentence, ProblemCategory.CONFLICT)

    def _head_of(self, amendment: Amendment) -> Body:
        body: Body = {}
        if amendment.requested_delivery_date is not None:
            body["RequestedDeliveryDate"] = written_day(amendment.requested_delivery_date)
        if amendment.purchase_order_number:
            body |= self._bodies.purchase_order(amendment.purchase_order_number)
        return body

    def _lines(self, standing: WrittenOrder, amendment: Amendment) -> Iterator[Operation]:
        items = {unpadded(item.SalesOrderItem): item for item in standing.to_Item.results}
        for change in amendment.change:
            yield from self._changed(standing, self._existing(items, change.key), change)
        removed = [self._existing(items, key) for key in amendment.remove]
        self.may_be_rejected(removed)
        code = self._settings.rejection_reason
        yield from (self._rejection(standing, item.SalesOrderItem, code) for item in removed)
        highest = max((int(key) for key in items if key.isdecimal()), default=0)
        currency = standing.TransactionCurrency or ""
        for body in self._bodies.items(amendment.add, currency, highest):
            yield _operation("POST", f"{_at(ORDER_SET, SalesOrder=_key(standing))}/to_Item", body)

    def _existing(self, items: Mapping[str, WrittenItem], key: str) -> WrittenItem:
        found = items.get(unpadded(key))
        if found is None:
            raise self._sendable.refused(f"The order has no line {key!r} at {self._system}.")
        return found

    def _changed(self, standing: WrittenOrder, item: WrittenItem, change: LineChange) -> Iterator[Operation]:
        body = self._bodies.structure(change.starts_on, change.ends_on)
        if change.quantity is not None:
            body["RequestedQuantity"] = self._sendable.quantity(change.quantity)
        if body:
            yield self._patch(ITEM_SET, standing, body, SalesOrderItem=item.SalesOrderItem)
        if change.unit_price is not None:
            yield self._priced(
                standing, item, self._bodies.price(change.unit_price, standing.TransactionCurrency or "")
            )
        if change.requested_delivery_date is not None:
            if not item.to_ScheduleLine.results:
                number = unpadded(item.SalesOrderItem)
                raise self._sendable.refused(f"Line {number} is not delivered, so it takes no delivery date.")
            yield self._scheduled(standing, item, change.requested_delivery_date)

    def _priced(self, standing: WrittenOrder, item: WrittenItem, price: Body) -> Operation:
        """The item's price condition changed, or added where it has none."""
        kind = self._settings.price_condition_type
        held = next((one for one in item.to_PricingElement.results if one.ConditionType == kind), None)
        keys = {"SalesOrder": _key(standing), "SalesOrderItem": item.SalesOrderItem}
        if held is None:
            return _operation("POST", f"{_at(ITEM_SET, **keys)}/to_PricingElement", price)
        step, counter = held.PricingProcedureStep, held.PricingProcedureCounter
        where = {**keys, "PricingProcedureStep": step, "PricingProcedureCounter": counter}
        del price["ConditionType"]
        return _operation("PATCH", _at(PRICE_SET, **where), price)

    def _scheduled(self, standing: WrittenOrder, item: WrittenItem, day: date) -> Operation:
        first = item.to_ScheduleLine.results[0].ScheduleLine
        keys = {"SalesOrderItem": item.SalesOrderItem, "ScheduleLine": first}
        return self._patch(SCHEDULE_SET, standing, {"RequestedDeliveryDate": written_day(day)}, **keys)

    def _rejection(self, standing: WrittenOrder, item: str, code: str) -> Operation:
        return self._patch(ITEM_SET, standing, {"SalesDocumentRjcnReason": code}, SalesOrderItem=item)

    def _mark(self, reference: str) -> Body:
        """The reference of a change on the order's head, where a field is configured for it."""
        return {self._settings.amendment_field: reference} if self._settings.amendment_field else {}

    def _guard(self, standing: WrittenOrder, body: Body) -> Operation:
        """The change of the head that binds a changeset to the version that was read: only the head has one.

        Where nothing of it changes, its own reference is written again.
        """
        reference = getattr(standing, self._settings.reference_field)
        return _bound(
            self._patch(ORDER_SET, standing, body or {self._settings.reference_field: reference or ""}), standing
        )

    def _patch(self, entity_set: str, standing: WrittenOrder, body: Body, **keys: str) -> Operation:
        return _operation("PATCH", _at(entity_set, SalesOrder=_key(standing), **keys), body)


def _key(standing: WrittenOrder) -> str:
    return unpadded(standing.SalesOrder)


def _at(entity_set: str, **keys: str) -> str:
    written = {name: encoded(text(value)) for name, value in keys.items()}
    if len(written) == 1:
        return f"{entity_set}({next(iter(written.values()))})"
    return f"{entity_set}({','.join(f'{name}={value}' for name, value in written.items())})"


def _operation(method: str, url: str, body: Body) -> Operation:
    content = msgspec.json.encode(body)
    return Operation(method, url, {**_JSON, "Content-Length": str(len(content))}, content)


def _bound(operation: Operation, standing: WrittenOrder) -> Operation:
    tag = standing.metadata.etag
    if tag is None:
        return operation
    return Operation(operation.method, operation.url, {**operation.headers, "If-Match": tag}, operation.body)


def untaken(undated: Sequence[str]) -> list[str]:
    """A warning for the lines whose requested day has no place."""
    return [f"Line {key} is not delivered, so its requested date was not kept." for key in undated]
