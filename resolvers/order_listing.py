"""Orders as one list over all systems, newest first, while all of them go on living.

The streams are disjoint: each ERP's orders, and the CRM's orders that no ERP has. They are merged by (ordered at,
system, key) descending; an order with several bookings stands where its newest booking stands. The cursor holds each
stream's place, so that inserts and failures of one stream move nothing in the others. What a system could not be asked
for is a gap: its orders follow once it answers again, and the page does not claim to be the last one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from canonical.absence import known
from canonical.errors import Fault
from canonical.joined import Order
from canonical.refs import Ref
from canonical.system import SourceGap
from resolvers.collecting import ROUNDS, Collector, Keys, rows_a_round, union
from resolvers.connections import Connection, gap, page_size
from resolvers.context import Context
from resolvers.order_bookmark import Bookmark
from resolvers.order_narrowing import OrderFilterBy, listed
from resolvers.order_status import STATUS_FACTS, statuses_of
from resolvers.order_streams import Round, Row, anchors_of, join_rows, read_round
from resolvers.order_troubles import are_troubled

Verdict = Mapping[Ref, bool | Fault]


async def list_orders(context: Context, first: int, after: str | None, by: OrderFilterBy) -> Connection[Order]:
    """One page."""
    scan = _Scan(context, first, after, by, [None])
    return (await scan.pages())[0]


async def list_orders_of(
    context: Context, first: int, after: str | None, by: OrderFilterBy, whose: Sequence[Keys]
) -> list[Connection[Order]]:
    """One page for each of these customers, from one scan: the streams are asked for all of them together.

    A page that the scan did not fill says that more follow, as long as the streams go on, and its cursor goes on there.
    """
    narrowed = [by.narrowed_to(keys) for keys in whose]
    together = replace(by, customer_keys=union(narrowed) or {})
    return await _Scan(context, first, after, together, narrowed).pages()


class _Scan:
    """One walk over the streams that fills pages, round by round and never more than a few."""

    def __init__(
        self, context: Context, first: int, after: str | None, by: OrderFilterBy, whose: Sequence[Keys | None]
    ) -> None:
        size = page_size(first)
        self.context, self.by, self.crm = context, by, context.landscape.crm
        self.rows_a_round = rows_a_round(size, len(whose))
        self.open = [Collector[Order](size, keys) for keys in whose]
        self.mark = Bookmark(after, self.crm, context.landscape.erps)
        self.gaps: dict[str, Fault] = {}
        self.stalled: set[str] = set()
        self.going = True
        # A cursor is work, and most who ask read the last one alone. Who asks is not known where no operation is.
        self.every_cursor = not context.wants or "cursor" in context.wants_of("OrderEdge")

    async def pages(self) -> list[Connection[Order]]:
        """Walk until every page is full, the streams end, or it has been far enough."""
        if self.by.statuses is not None:
            self.context.also_wants("Order", STATUS_FACTS)
        for _ in range(ROUNDS):
            before = dict(self.mark.at)
            await self._go()
            enough = len(self.open) == 1 and not self.by.told_apart() and bool(self.open[0].edges)
            if not self.going or enough or self._full() or before == self.mark.at:
                break
        gaps = [_gap(self.context, name, fault) for name, fault in self.gaps.items()]
        end = self.mark.word()
        return [one.page(end, going=self.going, gaps=gaps) for one in self.open]

    def _full(self) -> bool:
        return all(one.full for one in self.open)

    async def _go(self) -> None:
        turn = await read_round(self.context, self.rows_a_round, self.mark, self.by)
        for row in turn.rows:
            self.mark.begin(row.stream, row.record)
        top = self._next(turn)
        orders, silent = await join_rows(self.context, turn, top, self.mark.told, doubtful=bool(self.mark.blind))
        verdicts = await self._passing(list({order.ref: order for order in orders.values()}.values()))
        self.gaps.update(turn.harvest.faults)
        self.stalled = self._unreadable(silent)
        left = len(turn.rows) - len(top)
        for row in top:
            left += 0 if self._look(row, orders.get(row.record.ref), verdicts, silent) else 1
        self.going = bool(left or turn.more or turn.harvest.faults or self.stalled)

    def _next(self, turn: Round) -> list[Row]:
        """The rows to look at: enough to fill the room, none older than a row that a stream has not told yet.

        Rows of one order count once, and what the CRM lists though an ERP holds it counts as nothing.
        """
        room = sum(one.size - len(one.edges) for one in self.open) if len(self.open) == 1 else len(turn.rows)
        anchors = anchors_of(self.context, turn)
        claimed = set() if self.by.by_sale() else set(anchors.values())
        last = {row.stream: row.place() for row in turn.rows}
        horizon = max((last[stream] for stream in turn.more if stream in last), default=None)
        top: list[Row] = []
        orders: set[Ref] = set()
        for row in turn.rows:
            if horizon is not None and row.place() < horizon:
                break
            anchor = anchors.get(row.record.ref, row.record.ref)
            if row.record.ref not in claimed and anchor not in orders:
                if len(orders) >= room:
                    break
                orders.add(anchor)
            top.append(row)
        return top

    def _unreadable(self, silent: Collection[str]) -> set[str]:
        """Streams whose rows cannot be told of just now, as it is not known whether they were, or may be."""
        erps = [name for name in self.context.landscape.erps if name not in silent]
        if self.crm in silent:
            hidden = self.context.principal.accounts is not None or self.by.search is not None
            return {erp for erp in erps if hidden or self.mark.blind.get(erp)}
        crossed = {erp for erp in erps if any(self.mark.blind.get(erp, {}).get(name) for name in silent)}
        return crossed | ({self.crm} if self.mark.unsure.intersection(silent) else set())

    def _look(self, row: Row, order: Order | None, verdicts: Verdict, silent: Collection[str]) -> bool:
        """Tell of a row's order where it belongs; whether the row is done with."""
        if self._full() or row.stream in self.stalled:
            return False
        verdict = verdicts.get(order.ref, False) if order else self._hidden(row, silent)
        if order is not None and row.stream != self.crm and self.mark.in_doubt(row.stream, order, silent):
            self.stalled.add(row.stream)
            return False
        if isinstance(verdict, Fault):
            # Not known whether it fits: the stream waits here, and the others go on.
            self.gaps.setdefault(verdict.system, verdict)
            self.stalled.add(row.stream)
            return False
        self.mark.pass_by(row.stream, row.record, silent)
        if order is not None and verdict:
            if self._stands_here(row, order):
                self._tell(row, order)
            elif row.stream == self.crm:
                self.mark.await_bookings(order)
        return True

    def _hidden(self, row: Row, silent: Collection[str]) -> bool | Fault:
        """A sale that is not seen by itself may be seen by its booking, in an ERP that is silent just now."""
        narrowed = self.context.principal.legal_entities is not None and row.stream == self.crm
        faults = [fault for name, fault in self.gaps.items() if name in silent and name != self.crm]
        return faults[0] if narrowed and faults else False

    def _tell(self, row: Row, order: Order) -> None:
        self.mark.remember(order, row.record)
        fitting = [one for one in self.open if _belongs(one, row, order, self.crm)]
        told = fitting and (self.every_cursor or any(one.last for one in fitting))
        word = self.mark.word() if told else None
        for one in fitting:
            one.offer(word or "", order)

    def _stands_here(self, row: Row, order: Order) -> bool:
        """Whether an order is listed at this row: its newest booking, or the CRM's record where there is none."""
        head = order.crm
        if (order.crm_id or "") in self.mark.told or not listed(self.by, row.record, is_crm=row.stream == self.crm):
            return False
        if row.stream == self.crm:
            return self.by.by_sale() or not order.booked
        if head is not None and self.by.search is not None and listed(self.by, head, is_crm=True):
            return False
        if self.mark.told_blind(row.stream, order):
            return False
        if len(order.booked) == 1:
            return row.record.ref == order.booked[0].ref
        bookings = [record for record in order.booked if listed(self.by, record, is_crm=False)]
        return row.record.ref == max(bookings, key=lambda record: (record.ordered_at, record.ref)).ref

    async def _passing(self, orders: Sequence[Order]) -> Verdict:
        """Which orders the filter keeps, where no system could say it; a Fault where that is not known."""
        code = self.by.legal_entity_code
        verdicts: dict[Ref, bool | Fault] = {order.ref: _of_entity(self.context, order, code) for order in orders}
        if self.by.with_exceptions is not None:
            open_orders = [order for order in orders if verdicts[order.ref] is True]
            for order, troubled in zip(open_orders, await are_troubled(self.context, open_orders), strict=True):
                verdicts[order.ref] = troubled is self.by.with_exceptions
        if self.by.statuses is None:
            return verdicts
        open_orders = [order for order in orders if verdicts[order.ref] is True]
        for order, status in zip(open_orders, await statuses_of(self.context, open_orders), strict=True):
            verdicts[order.ref] = status if isinstance(status, Fault) else status in self.by.statuses
        return verdicts


def _belongs(page: Collector[Order], row: Row, order: Order, crm: str) -> bool:
    """Whether an order is of the page's customer: as the CRM says where it can, since numbers repeat over ERPs."""
    if page.whose is None:
        return True
    sold_to = known(order.crm.customer_key) if order.crm else None
    if sold_to is not None and crm in page.whose:
        return page.fits(crm, sold_to)
    return page.fits(row.stream, known(row.record.customer_key))


def _of_entity(context: Context, order: Order, code: str | None) -> bool | Fault:
    if code is None or any(record.legal_entity_code == code for record in order.records()):
        return True
    entity = context.landscape.entities.get(code)
    fault = order.faults.get(entity.erp) if entity and entity.erp else None
    return fault or False


def _gap(context: Context, name: str, fault: Fault) -> SourceGap:
    return gap(name, fault, "orders" if name in context.landscape.erps else "orders that are not booked yet")
