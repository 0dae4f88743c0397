"""What a list of orders is narrowed to: as a question to each stream, and told again of what came back."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from canonical.absence import known
from canonical.order import OrderRecord, OrderStatus, Stage
from canonical.wanted import Wanted
from resolvers.collecting import Keys
from sources.ports import OrderQuery, Position

SEARCHED = Wanted.of("number", "purchase_order_number", "customer_name")
"""What a search looks at besides the keys and references that every record tells."""


class OrderFilterBy(Struct, frozen=True, kw_only=True):
    """What a list of orders is narrowed to; None narrows nothing. Customers are keys by system."""

    statuses: frozenset[OrderStatus] | None = None
    customer_keys: Keys | None = None
    quote_keys: tuple[str, ...] | None = None
    opportunity_keys: tuple[str, ...] | None = None
    legal_entity_code: str | None = None
    ordered_from: date | None = None
    ordered_to: date | None = None
    search: str | None = None
    with_exceptions: bool | None = None

    def sold_from(self) -> bool:
        """Whether orders are asked for by what they came from, which only the CRM knows."""
        return self.quote_keys is not None or self.opportunity_keys is not None

    def by_sale(self) -> bool:
        """Whether a CRM order that fits is listed as such although an ERP holds it: it knows what ERPs do not."""
        return self.sold_from() or self.search is not None

    def told_apart(self) -> bool:
        """Whether orders that no system could tell apart are told apart here, so that many rows may give few orders."""
        return self.statuses is not None or self.with_exceptions is not None

    def narrowed_to(self, keys: Keys) -> Keys:
        """The keys of one customer that the filter's own customer leaves: where it names another, none."""
        held = self.customer_keys
        return keys if held is None else {n: tuple(k for k in own if k in held.get(n, ())) for n, own in keys.items()}


def question(by: OrderFilterBy, system: str, size: int, after: Position | None, *, is_crm: bool) -> OrderQuery | None:
    """One stream's question; None where the filter leaves the stream nothing."""
    customers = by.customer_keys.get(system, ()) if by.customer_keys is not None else None
    stages = _stages(by, is_crm=is_crm)
    if customers == () or stages == frozenset() or (by.sold_from() and not is_crm):
        return None
    return OrderQuery(
        first=size + 1,
        after=after,
        stages=stages,
        customer_keys=customers,
        quote_keys=by.quote_keys,
        opportunity_keys=by.opportunity_keys,
        legal_entity_code=by.legal_entity_code,
        ordered_from=by.ordered_from,
        ordered_to=by.ordered_to,
        search=by.search,
        unlinked_only=is_crm and not by.by_sale(),
    )


def _stages(by: OrderFilterBy, *, is_crm: bool) -> frozenset[Stage] | None:
    """The stages that may come out as one of the statuses: a superset, the rest is told apart afterwards.

    What only the CRM has is no further than submitted. A CRM order that an ERP holds may be anywhere.
    """
    statuses = by.statuses
    if statuses is None or (is_crm and by.by_sale()):
        return None
    stages = {Stage.CANCELLED} if OrderStatus.CANCELLED in statuses else set()
    if statuses & {OrderStatus.DRAFT, OrderStatus.SUBMITTED, OrderStatus.ON_HOLD}:
        stages |= {Stage.DRAFT, Stage.SUBMITTED}
    if not is_crm and statuses - {OrderStatus.DRAFT, OrderStatus.SUBMITTED, OrderStatus.CANCELLED}:
        stages.add(Stage.BOOKED)
    return frozenset(stages)


def listed(by: OrderFilterBy, record: OrderRecord, *, is_crm: bool) -> bool:
    """Whether this record's stream lists it under the filter: what `question` asks, told of one record in hand.

    Not what it was sold from: the CRM alone lists by that, and says it itself.
    """
    day, code = record.ordered_at.date(), record.legal_entity_code
    stages = _stages(by, is_crm=is_crm)
    customers = by.customer_keys.get(record.ref.system, ()) if by.customer_keys is not None else None
    return (
        (stages is None or record.stage in stages)
        and (by.legal_entity_code in (None, code) or (is_crm and code is None))
        and (by.ordered_from is None or day >= by.ordered_from)
        and (by.ordered_to is None or day <= by.ordered_to)
        and (customers is None or known(record.customer_key) in customers)
        and (by.search is None or found_by(record, by.search))
    )


def found_by(record: OrderRecord, search: str) -> bool:
    """Whether a search finds a record: in its numbers, its references, or its customer's name, without case."""
    named = (record.number, record.ref.key, known(record.purchase_order_number), known(record.customer_name))
    needle = search.casefold()
    return any(needle in text.casefold() for text in (*named, *record.partner_keys) if text)
