"""Our words to Salesforce's: an order to be made there, and what is written back to one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from canonical.intake import CrmOrderRequest, LineRequest, WriteBack
from sources.salesforce.ids import QUOTE_LINE, long_id
from sources.salesforce.settings import Settings
from sources.salesforce.values import numbers_in, plain, sent
from sources.salesforce.wire import Rows
from sources.salesforce.wire_written import Offered, StandingLine, StandingOrder
from sources.salesforce.writing import Change, Upsert

ORDER_NODE: Final = "order"
_LONGEST_FAILURE: Final = 255


def order_upsert(request: CrmOrderRequest, pricebook_key: str | None, settings: Settings) -> Upsert:
    """The order as a draft: it is activated apart, so that making it again never touches an active one."""
    body = {
        "AccountId": long_id(request.customer_key),
        "EffectiveDate": request.starts_on,
        "Status": settings.draft_status,
        "Pricebook2Id": pricebook_key,
        "CurrencyIsoCode": request.currency_code if settings.multi_currency else None,
        settings.quote_field: _id(request.quote_key),
        "OpportunityId": _id(request.opportunity_key),
        "PoNumber": request.purchase_order_number,
        settings.requested_date_field: _requested_on(request.lines),
        settings.legal_entity_field: request.legal_entity_code,
    }
    return Upsert(ORDER_NODE, "Order", settings.order_reference_field, request.reference, _told(body), "")


def line_upsert(
    request: CrmOrderRequest,
    place: int,
    order_key: str | None,
    parent_key: str | None,
    offer: Offered,
    settings: Settings,
) -> Upsert:
    """One line. `order_key` and `parent_key` are the records' ids, None for those made in the same graph."""
    line = request.lines[place]
    parent = None if line.parent is None else parent_key or f"@{{{line_node(line.parent)}.id}}"
    body = {
        "OrderId": order_key or f"@{{{ORDER_NODE}.id}}",
        "PricebookEntryId": offer.id,
        "Quantity": line.quantity,
        "UnitPrice": _price(line, offer.unit_price),
        "ServiceDate": line.starts_on,
        "EndDate": line.ends_on,
        settings.quote_line_field: _quote_line(request, line, settings),
        settings.line_segment_field: line.segment,
        settings.line_parent_field: parent,
    }
    value = line_reference(request.reference, place)
    label = f"Line {place + 1} ({line.sku})"
    return Upsert(line_node(place), "OrderItem", settings.line_reference_field, value, _told(body), label)


def line_node(place: int) -> str:
    """What the line in this place is called within its graph."""
    return f"line{place + 1}"


def line_reference(reference: str, place: int) -> str:
    """What the line in this place carries as its own reference."""
    return f"{reference}#{place + 1}"


def parents_first(lines: Sequence[LineRequest]) -> list[int]:
    """The places of the lines, each behind the line that it is part of."""

    def depth(place: int) -> int:
        steps, parent = 0, lines[place].parent
        # A circle is cut here, and refused by the org: the part that it names is not there yet.
        while parent is not None and steps < len(lines):
            steps, parent = steps + 1, lines[parent].parent
        return steps

    return sorted(range(len(lines)), key=depth)


def changes_of(order: StandingOrder, told: WriteBack, settings: Settings) -> list[Change]:
    """What has to change so that the order and its lines say what is told; nothing where they say it already.

    A line is known by its id, or by the id of the quote's line that it comes from. Lines that are no longer there are
    left out. Nothing is ever emptied but the reason of a failure that is over.
    """
    fields = {} if _word(told, settings) is None else _order_changes(order, told, settings)
    lines = _line_changes(order, told, settings)
    return [*lines, Change("Order", order.id, fields)] if fields else lines


def with_numbers(held: str | None, numbers: Sequence[str]) -> str | None:
    """The text that holds these numbers behind those it holds already; None where it holds them all."""
    there = numbers_in(held)
    missing = [number for number in dict.fromkeys(numbers) if number and number not in there]
    return ";".join((*there, *missing)) if missing else None


def _order_changes(order: StandingOrder, told: WriteBack, settings: Settings) -> dict[str, object]:
    failure = " ".join((told.failed or "").split())[:_LONGEST_FAILURE].rstrip() or None
    changes: dict[str, object] = {}
    numbers = numbers_in(";".join(told.numbers))
    if numbers and numbers_in(order.erp_numbers) != numbers:
        changes[settings.erp_order_number_field] = ";".join(numbers)
    if settings.erp_status_field and sent(order.erp_status) != _word(told, settings):
        changes[settings.erp_status_field] = _word(told, settings)
    if settings.erp_failure_field and (sent(order.erp_failure) or None) != failure:
        changes[settings.erp_failure_field] = failure
    return changes


def _line_changes(order: StandingOrder, told: WriteBack, settings: Settings) -> list[Change]:
    field = settings.line_erp_key_field
    if field is None or not isinstance(order.order_items, Rows):
        return []
    standing = _by_key(order.order_items.records)
    keys: dict[str, list[str]] = {}
    for crm_key, erp_key in told.line_keys:
        keys.setdefault(long_id(crm_key), []).append(erp_key)
    wanted = {crm_key: ";".join(dict.fromkeys(erp_keys)) for crm_key, erp_keys in keys.items()}
    return [
        Change("OrderItem", standing[key].id, {field: text}, f"Line {place}")
        for place, (key, text) in enumerate(wanted.items(), 1)
        if key in standing and sent(standing[key].erp_keys) != text
    ]


def _by_key(lines: Sequence[StandingLine]) -> dict[str, StandingLine]:
    """The lines by their ids, and by the quote's line where it became one line only."""
    times = Counter(sent(line.quote_line) for line in lines)
    by_quote = {key: line for line in lines if (key := sent(line.quote_line)) and times[key] == 1}
    return by_quote | {line.id: line for line in lines}


def _word(told: WriteBack, settings: Settings) -> str | None:
    if told.failed is not None:
        return settings.failed_word
    if told.cancelled:
        return settings.cancelled_word
    return settings.booked_word if told.numbers else None


def _price(line: LineRequest, list_price: Decimal) -> Decimal:
    price = list_price if line.unit_price is None else line.unit_price
    discount = line.discount_percent or Decimal(0)
    return plain(price * (100 - discount) / 100)


def _requested_on(lines: Sequence[LineRequest]) -> object:
    """The day that all lines agree on; the org's order has one."""
    days = {line.requested_delivery_date for line in lines}
    return days.pop() if len(days) == 1 else None


def _quote_line(request: CrmOrderRequest, line: LineRequest, settings: Settings) -> str | None:
    # The org takes a quote's line only on an order of that quote.
    if request.quote_key is None or line.source_key is None:
        return None
    standard = settings.quote_model == "standard"
    return None if standard and not line.source_key.startswith(QUOTE_LINE) else _id(line.source_key)


def _id(key: str | None) -> str | None:
    return long_id(key) if key else None


def _told(body: Mapping[str | None, object]) -> dict[str, object]:
    """What is said and has a field of its own in this org."""
    return {name: value for name, value in body.items() if name is not None and value is not None}
