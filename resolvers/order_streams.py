"""One round over the streams of orders: each system's next rows, and the records that complete them."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from datetime import datetime
from functools import partial

from msgspec import Struct

from canonical.errors import Fault
from canonical.joined import Order
from canonical.joining import OrderGroup, crm_key_of, join_orders
from canonical.order import OrderRecord
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.access import sees_entity
from resolvers.asking import side_by_side, split
from resolvers.context import Context
from resolvers.customer_loading import prime_customers
from resolvers.order_bookmark import Bookmark
from resolvers.order_narrowing import SEARCHED, OrderFilterBy, question
from resolvers.order_reading import Harvest, ask, distinct, heads_lookup, merge, record_wanted, serve
from sources.ports import Lookup, OrderSource, Page


class Row(Struct, frozen=True):
    """A record as its stream brought it."""

    stream: str
    record: OrderRecord

    def place(self) -> tuple[datetime, str, str]:
        """Where it stands among all streams' rows."""
        return (self.record.ordered_at, self.stream, self.record.ref.key)


class Round(Struct, frozen=True):
    """Rows newest first, the streams that go on behind theirs, and every record that came with them, read for what.

    `asked` are the sales whose bookings every ERP was asked for beside its rows.
    """

    rows: tuple[Row, ...]
    more: frozenset[str]
    harvest: Harvest
    wanted: Wanted = Wanted()
    asked: frozenset[str] = frozenset()


async def read_round(context: Context, size: int, mark: Bookmark, by: OrderFilterBy) -> Round:
    """Each stream's next rows: first the CRM's, since what it has that an ERP holds too is that ERP's to list."""
    wanted, crm_name = listing_wanted(context, by), context.landscape.crm
    crm = await _ask_streams(context, {crm_name: None}, size, mark, by, wanted)
    keys = tuple(dict.fromkeys([*(row.record.ref.key for row in crm.rows), *mark.waiting]))
    numbers = tuple(dict.fromkeys(n for row in crm.rows for n in row.record.partner_keys))
    partners = Lookup(partner_keys=keys, numbers=numbers) if keys else None
    erps = _erps(context, by)
    if by.sold_from():
        booked = await ask(context, dict.fromkeys(erps, partners) if partners else {}, wanted)
        return Round(crm.rows, crm.more, merge(crm.harvest, _seen(context, booked)), wanted, frozenset(keys))
    others = await _ask_streams(context, dict.fromkeys(erps, partners), size, mark, by, wanted)
    rows = sorted(crm.rows + others.rows, key=Row.place, reverse=True)
    return Round(tuple(rows), crm.more | others.more, merge(crm.harvest, others.harvest), wanted, frozenset(keys))


def listing_wanted(context: Context, by: OrderFilterBy) -> Wanted:
    """What the operation reads of orders, and what the filter tells them apart by."""
    wanted = record_wanted(context)
    if by.search is not None:
        wanted |= SEARCHED
    if by.customer_keys is not None:
        wanted |= Wanted.of("customer_key")
    return wanted | Wanted.of("quote_key") if by.quote_keys is not None else wanted


def _erps(context: Context, by: OrderFilterBy) -> Sequence[str]:
    entity = context.landscape.entities.get(by.legal_entity_code or "")
    return (entity.erp,) if entity and entity.erp else context.landscape.erps


async def _ask_streams(
    context: Context,
    streams: Mapping[str, Lookup | None],
    size: int,
    mark: Bookmark,
    by: OrderFilterBy,
    wanted: Wanted,
) -> Round:
    crm_name = context.landscape.crm
    asked = {
        name: source.list_orders(context.call, query, wanted, also)
        for name, also in streams.items()
        if (source := context.system(name, OrderSource))
        and (query := question(by, name, size, mark.at.get(name), is_crm=name == crm_name)) is not None
    }
    pages, faults = split(await side_by_side(asked))
    return _round(context, pages, faults)


def _round(context: Context, pages: Mapping[str, Page[OrderRecord]], faults: Mapping[str, Fault]) -> Round:
    rows = [Row(name, record) for name, page in pages.items() for record in page.items]
    records = [record for page in pages.values() for record in page.items + page.also]
    more = frozenset(name for name, page in pages.items() if page.more)
    crm_name = context.landscape.crm
    crm = distinct(r for r in records if r.ref.system == crm_name)
    booked = distinct(r for r in records if r.ref.system != crm_name)
    return Round(tuple(rows), more, _seen(context, Harvest(crm, booked, faults)))


def _seen(context: Context, harvest: Harvest) -> Harvest:
    booked = tuple(r for r in harvest.booked if sees_entity(context.principal, r.legal_entity_code))
    return Harvest(harvest.crm, booked, harvest.faults)


def anchors_of(context: Context, turn: Round) -> dict[Ref, Ref]:
    """The CRM's order that each ERP record in hand names."""
    crm = context.system(context.landscape.crm, OrderSource)
    named = {record.ref: crm_key_of(record, crm.named_order) for record in turn.harvest.booked} if crm else {}
    return {ref: Ref(context.landscape.crm, key) for ref, key in named.items() if key}


async def join_rows(
    context: Context, turn: Round, top: Sequence[Row], told: Container[str] = (), *, doubtful: bool = False
) -> tuple[dict[Ref, Order], Mapping[str, Fault]]:
    """The orders of these rows by their records' references, completed by partners that are not in hand yet.

    Also every system that was silent on the way. `told`: keys of CRM orders that stood on a page before this one, whose
    other bookings nobody needs any more. `doubtful`: a page before this one was told while an ERP was silent, so that
    each order's other bookings are looked up, whether or not the CRM knows of any.
    """
    shown, wanted, in_hand = {row.record.ref for row in top}, turn.wanted, turn.harvest
    page = Harvest(
        tuple(record for record in in_hand.crm if record.ref in shown),
        tuple(record for record in in_hand.booked if record.ref in shown),
        in_hand.faults,
    )
    ask_heads = partial(ask, context, _askable(context, page), wanted)
    answers = await side_by_side({"heads": ask_heads(), "customers": prime_customers(context, page.booked)})
    heads = answers["heads"]
    harvest = merge(in_hand, heads) if isinstance(heads, Harvest) else in_hand
    new = [group for group in _groups(context, harvest, shown) if group.anchor.key not in told]
    siblings = _siblings(context, [group for group in new if doubtful or _is_odd(group, turn.asked)], harvest.faults)
    harvest = merge(harvest, await ask(context, siblings, wanted))
    orders = serve(context, harvest)
    return {record.ref: order for order in orders for record in order.records()}, harvest.faults


def _askable(context: Context, page: Harvest) -> dict[str, Lookup]:
    crm_name = context.landscape.crm
    return {} if crm_name in page.faults else {crm_name: heads_lookup(context, page)}


def _groups(context: Context, harvest: Harvest, shown: set[Ref]) -> list[OrderGroup]:
    """The CRM's orders of which a booking is shown."""
    crm = context.system(context.landscape.crm, OrderSource)
    groups = join_orders(context.landscape.crm, harvest.crm, harvest.booked, crm.named_order) if crm else []
    of_crm = [group for group in groups if group.anchor.system == context.landscape.crm]
    return [group for group in of_crm if any(record.ref in shown for record in group.booked)]


def _siblings(context: Context, odd: Sequence[OrderGroup], faults: Container[str]) -> dict[str, Lookup]:
    """Bookings that no stream has brought, of orders that may have some: rare, as those of one deal are made together.

    Every order may, while the CRM cannot say how many bookings it knows of.
    """
    if not odd:
        return {}
    numbers = tuple(n for group in odd if group.crm for n in group.crm.partner_keys)
    lookup = Lookup(partner_keys=tuple(group.anchor.key for group in odd), numbers=numbers)
    return {erp: lookup for erp in context.landscape.erps if erp not in faults}


def _is_odd(group: OrderGroup, asked: Collection[str]) -> bool:
    """Whether bookings are known of that are not in hand; or may be, where ERPs were not asked beside the page."""
    if group.crm is None:
        return group.anchor.key not in asked
    if not group.crm.partner_keys:
        return group.crm.ref.key not in asked
    return not {record.number or record.ref.key for record in group.booked}.issuperset(group.crm.partner_keys)
