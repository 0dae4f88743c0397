"""Orders as one list over all systems, newest first, while all of them go on living.

The streams are disjoint: each ERP's orders, and the CRM's orders that no ERP has. They are merged by (ordered at,
system, key) descending; an order with several bookings stands where its newest booking stands. The cursor
holds each stream's position, so that inserts and failures of one stream move nothing in the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from canonical.errors import Fault
from canonical.joined import Order
from canonical.joining import OrderGroup, crm_key_of, join_orders
from canonical.order import OrderRecord, OrderStatus, Stage
from canonical.refs import Ref
from canonical.system import SourceGap
from canonical.wanted import Wanted
from resolvers.asking import side_by_side, split
from resolvers.connections import Connection, Edge, PageInfo, gap, page_size
from resolvers.context import Context
from resolvers.cursors import decode_positions, encode_positions
from resolvers.customer_loading import prime_customers
from resolvers.order_reading import Harvest, ask, heads_lookup, merge, record_wanted, serve
from resolvers.order_status import statuses_of
from sources.ports import Lookup, OrderQuery, OrderSource, Page, Position

_KIND = "orders"
_ROUNDS = 4
"""How often a filter that no system can say may send us back for more: the scan is bounded, and the page then short."""


class OrderFilterBy(Struct, frozen=True, kw_only=True):
    """What a list of orders is narrowed to; None narrows nothing. Customers are keys by system."""

    statuses: frozenset[OrderStatus] | None = None
    customer_keys: Mapping[str, tuple[str, ...]] | None = None
    quote_keys: tuple[str, ...] | None = None
    opportunity_keys: tuple[str, ...] | None = None
    legal_entity_code: str | None = None
    ordered_from: date | None = None
    ordered_to: date | None = None
    search: str | None = None

    def sold_from(self) -> bool:
        """Whether orders are asked for by what they came from, which only the CRM knows."""
        return self.quote_keys is not None or self.opportunity_keys is not None

    def of_customer(self, keys: Mapping[str, tuple[str, ...]]) -> OrderFilterBy:
        """The same filter for one customer; where it names another customer already, both must hold."""
        held = self.customer_keys
        both = keys if held is None else {n: tuple(k for k in own if k in held.get(n, ())) for n, own in keys.items()}
        return replace(self, customer_keys=both)


class _Row(Struct, frozen=True):
    stream: str
    record: OrderRecord

    def place(self) -> tuple[datetime, str, str]:
        return (self.record.ordered_at, self.stream, self.record.ref.key)


class _Round(Struct, frozen=True):
    rows: tuple[_Row, ...]
    more: frozenset[str]
    harvest: Harvest


async def list_orders(context: Context, first: int, after: str | None, by: OrderFilterBy) -> Connection[Order]:
    """One page. A system that could not be asked is a gap, and its orders follow once it answers again."""
    size = page_size(first)
    positions = decode_positions(_KIND, after)
    edges: list[Edge[Order]] = []
    gaps: dict[str, Fault] = {}
    going = True
    for _ in range(_ROUNDS):
        turn = await _read(context, size, positions, by)
        gaps.update(turn.harvest.faults)
        found, going = await _take(context, turn, size - len(edges), positions, by)
        edges += found
        if len(edges) >= size or not going or (edges and by.statuses is None):
            break
    end = encode_positions(_KIND, positions) if positions else None
    missing = tuple(_gap(context, name, fault) for name, fault in gaps.items())
    return Connection(edges=tuple(edges), page_info=PageInfo(going, end), gaps=missing)


def _gap(context: Context, name: str, fault: Fault) -> SourceGap:
    return gap(name, fault, "orders" if name in context.landscape.erps else "orders that are not booked yet")


async def _read(context: Context, size: int, positions: Mapping[str, Position], by: OrderFilterBy) -> _Round:
    """Each stream's next rows: first the CRM's, since what it has that an ERP holds too is that ERP's to list."""
    wanted = record_wanted(context)
    crm = await _ask_streams(context, {context.landscape.crm: None}, size, positions, by, wanted)
    keys = tuple(row.record.ref.key for row in crm.rows)
    partners = Lookup(partner_keys=keys) if keys else None
    erps = _erps(context, by)
    if by.sold_from() and partners is not None:
        return _Round(crm.rows, crm.more, merge(crm.harvest, await ask(context, dict.fromkeys(erps, partners), wanted)))
    booked = await _ask_streams(context, dict.fromkeys(erps, partners), size, positions, by, wanted)
    return _Round(crm.rows + booked.rows, crm.more | booked.more, merge(crm.harvest, booked.harvest))


def _erps(context: Context, by: OrderFilterBy) -> Sequence[str]:
    entity = context.landscape.entities.get(by.legal_entity_code or "")
    return (entity.erp,) if entity and entity.erp else context.landscape.erps


async def _ask_streams(
    context: Context,
    streams: Mapping[str, Lookup | None],
    size: int,
    positions: Mapping[str, Position],
    by: OrderFilterBy,
    wanted: Wanted,
) -> _Round:
    asked = {
        name: source.list_orders(context.call, query, wanted, also)
        for name, also in streams.items()
        if (source := context.system(name, OrderSource))
        and (query := _query(context, name, size, positions.get(name), by)) is not None
    }
    pages, faults = split(await side_by_side(asked))
    return _round(context, pages, faults)


def _round(context: Context, pages: Mapping[str, Page[OrderRecord]], faults: Mapping[str, Fault]) -> _Round:
    rows = [_Row(name, record) for name, page in pages.items() for record in page.items]
    records = [record for page in pages.values() for record in page.items + page.also]
    more = frozenset(name for name, page in pages.items() if page.more)
    crm_name = context.landscape.crm
    crm = tuple(r for r in records if r.ref.system == crm_name)
    booked = tuple(r for r in records if r.ref.system != crm_name)
    return _Round(tuple(rows), more, merge(Harvest(crm, booked, faults), Harvest()))


def _query(context: Context, name: str, size: int, after: Position | None, by: OrderFilterBy) -> OrderQuery | None:
    """One stream's question; None where the filter leaves the stream nothing."""
    customers = by.customer_keys.get(name, ()) if by.customer_keys is not None else None
    if customers == ():
        return None
    is_crm = name == context.landscape.crm
    if by.sold_from() and not is_crm:
        return None
    return OrderQuery(
        first=size + 1,
        after=after,
        stages=_stages(by.statuses, is_crm=is_crm),
        customer_keys=customers,
        quote_keys=by.quote_keys,
        opportunity_keys=by.opportunity_keys,
        legal_entity_code=by.legal_entity_code,
        ordered_from=by.ordered_from,
        ordered_to=by.ordered_to,
        search=by.search,
        unlinked_only=is_crm and not by.sold_from(),
    )


def _stages(statuses: frozenset[OrderStatus] | None, *, is_crm: bool) -> frozenset[Stage] | None:
    """The stages that may come out as one of the statuses: a superset, the rest is told apart afterwards."""
    if statuses is None:
        return None
    stages = {Stage.CANCELLED} if OrderStatus.CANCELLED in statuses else set()
    if statuses & {OrderStatus.DRAFT, OrderStatus.SUBMITTED, OrderStatus.ON_HOLD}:
        stages |= {Stage.DRAFT, Stage.SUBMITTED}
    if not is_crm and statuses - {OrderStatus.DRAFT, OrderStatus.SUBMITTED, OrderStatus.CANCELLED}:
        stages.add(Stage.BOOKED)
    return frozenset(stages or {Stage.DRAFT})


async def _take(
    context: Context, turn: _Round, room: int, positions: dict[str, Position], by: OrderFilterBy
) -> tuple[list[Edge[Order]], bool]:
    """The next orders for the page, and whether any stream goes on; moves `positions` past every row it looked at."""
    rows = sorted(turn.rows, key=_Row.place, reverse=True)
    anchors = _anchors(context, turn)
    top = _next(turn, rows, room, anchors, set() if by.sold_from() else set(anchors.values()))
    orders = await _join(context, turn, top)
    keep = await _passing(context, list({order.ref: order for order in orders.values()}.values()), by)
    edges: list[Edge[Order]] = []
    for row in top:
        positions[row.stream] = Position(row.record.ordered_at, row.record.ref.key)
        order = orders.get(row.record.ref)
        if order is not None and order.ref in keep and (by.sold_from() or _stands_here(context, row, order)):
            edges.append(Edge(encode_positions(_KIND, positions), order))
    return edges, len(rows) > len(top) or bool(turn.more)


def _anchors(context: Context, turn: _Round) -> dict[Ref, Ref]:
    """The CRM's order that each ERP record in hand names."""
    crm = context.system(context.landscape.crm, OrderSource)
    named = {record.ref: crm_key_of(record, crm.named_order) for record in turn.harvest.booked} if crm else {}
    return {ref: Ref(context.landscape.crm, key) for ref, key in named.items() if key}


def _next(turn: _Round, rows: Sequence[_Row], room: int, anchors: Mapping[Ref, Ref], claimed: set[Ref]) -> list[_Row]:
    """The rows to look at: enough to fill the room, none older than a row that a stream has not told yet.

    Rows of one order count once, and what the CRM lists though an ERP holds it (`claimed`) counts as nothing.
    """
    last = {row.stream: row.place() for row in rows}
    horizon = max((last[stream] for stream in turn.more if stream in last), default=None)
    top: list[_Row] = []
    orders: set[Ref] = set()
    for row in rows:
        if horizon is not None and row.place() < horizon:
            break
        anchor = anchors.get(row.record.ref, row.record.ref)
        if row.record.ref not in claimed and anchor not in orders:
            if len(orders) >= room:
                break
            orders.add(anchor)
        top.append(row)
    return top


def _stands_here(context: Context, row: _Row, order: Order) -> bool:
    """Whether this is the row an order is listed at: its newest booking, or the CRM's record where there is none."""
    if row.stream == context.landscape.crm:
        return not order.booked
    return row.record.ref == max(order.booked, key=lambda record: (record.ordered_at, record.ref)).ref


async def _join(context: Context, turn: _Round, top: Sequence[_Row]) -> dict[Ref, Order]:
    """The orders of these rows by their records' references, completed by partners that are not in hand yet."""
    shown = {row.record.ref for row in top}
    in_hand = turn.harvest
    page = Harvest(
        tuple(record for record in in_hand.crm if record.ref in shown),
        tuple(record for record in in_hand.booked if record.ref in shown),
        in_hand.faults,
    )
    ask_heads = partial(ask, context, _askable(context, page), record_wanted(context))
    answers = await side_by_side({"heads": ask_heads(), "customers": prime_customers(context, page.booked)})
    heads = answers["heads"]
    harvest = merge(in_hand, heads) if isinstance(heads, Harvest) else in_hand
    harvest = merge(harvest, await ask(context, _siblings(context, harvest, shown), record_wanted(context)))
    orders = serve(context, harvest)
    return {record.ref: order for order in orders for record in order.records()}


def _askable(context: Context, page: Harvest) -> dict[str, Lookup]:
    crm_name = context.landscape.crm
    return {} if crm_name in page.faults else {crm_name: heads_lookup(context, page)}


def _siblings(context: Context, harvest: Harvest, shown: set[Ref]) -> dict[str, Lookup]:
    """Bookings that the CRM knows of and no stream has brought: rare, since those of one deal are made together."""
    crm = context.system(context.landscape.crm, OrderSource)
    groups = join_orders(context.landscape.crm, harvest.crm, harvest.booked, crm.named_order) if crm else []
    odd = [group for group in groups if _is_odd(group) and any(record.ref in shown for record in group.booked)]
    if not odd:
        return {}
    numbers = tuple(n for group in odd if group.crm for n in group.crm.partner_keys)
    lookup = Lookup(partner_keys=tuple(group.anchor.key for group in odd), numbers=numbers)
    return {erp: lookup for erp in context.landscape.erps if erp not in harvest.faults}


def _is_odd(group: OrderGroup) -> bool:
    """Whether the CRM knows of other bookings than those in hand."""
    if group.crm is None or not group.crm.partner_keys:
        return False
    return {record.number or record.ref.key for record in group.booked} != set(group.crm.partner_keys)


async def _passing(context: Context, orders: Sequence[Order], by: OrderFilterBy) -> set[Ref]:
    """Which orders the filter keeps, where no system could say it."""
    code = by.legal_entity_code
    orders = [o for o in orders if code is None or any(r.legal_entity_code == code for r in o.records())]
    if by.statuses is None:
        return {order.ref for order in orders}
    statuses = await statuses_of(context, orders)
    return {order.ref for order, status in zip(orders, statuses, strict=True) if status in by.statuses}
