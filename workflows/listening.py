"""What a subscriber wants to hear, and the queue in which it waits for whoever is slower than the events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from canonical.events import Cursor, Event, EventKind, Logged
from canonical.refs import Ref
from canonical.timeline import TimelineKind


class CutOffError(Exception):
    """The subscriber was too slow, or the hub is leaving; `cursor` is behind what it was given last."""

    def __init__(self, cursor: Cursor, *, leaving: bool) -> None:
        """Keep where to go on."""
        super().__init__(str(cursor))
        self.cursor, self.leaving = cursor, leaving


def _everything(_: Event) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Interest:
    """Which events: all conditions must fit, of each any value; None fits everything.

    An order, and a customer, goes by every name that its records have.
    `accounts` are keys of customers in the CRM, `books` legal entities: what a subscriber may see at all.
    `admits` is asked of each event that fits, when it is handed out: rights may be others by then.
    """

    kinds: frozenset[EventKind]
    orders: frozenset[Ref] | None = None
    customers: frozenset[Ref] | None = None
    happenings: frozenset[TimelineKind] | None = None
    legal_entities: frozenset[str] | None = None
    submission_id: str | None = None
    accounts: frozenset[str] | None = None
    books: frozenset[str] | None = None
    admits: Callable[[Event], bool] = _everything
    _any: bool = field(init=False, repr=False, compare=False)
    """Whether its kinds are the only condition: most are so, and all of them are asked for each event."""

    def __post_init__(self) -> None:
        conditions = (self.orders, self.customers, self.happenings, self.legal_entities, self.accounts, self.books)
        object.__setattr__(self, "_any", self.submission_id is None and all(one is None for one in conditions))

    def fits(self, event: Event) -> bool:
        """Whether the event is one of those, rights apart."""
        if event.kind not in self.kinds:
            return False
        return self._any or self._narrowly(event)

    def _narrowly(self, event: Event) -> bool:
        if self.submission_id is not None and event.submission_id != self.submission_id:
            return False
        if self.orders is not None and self.orders.isdisjoint((event.order, *event.order_names)):
            return False
        if self.customers is not None and self.customers.isdisjoint((event.customer, *event.customer_names)):
            return False
        if self.happenings is not None and _happening(event) not in self.happenings:
            return False
        if self.accounts is not None and event.crm_customer not in self.accounts:
            return False
        if self.books is not None and self.books.isdisjoint(event.legal_entities):
            return False
        return self.legal_entities is None or not self.legal_entities.isdisjoint(event.legal_entities)

    def lanes(self) -> frozenset[object]:
        """Where to listen: the values of its most special condition, so that few other events are looked at."""
        if self.submission_id is not None:
            return frozenset((self.submission_id,))
        if self.orders is not None:
            return frozenset(self.orders)
        if self.customers is not None:
            return frozenset(("customer", ref) for ref in self.customers)
        if self.accounts is not None:
            return frozenset(("account", key) for key in self.accounts)
        entities = self.legal_entities if self.legal_entities is not None else self.books
        if entities is not None:
            return frozenset(("entity", code) for code in entities)
        return frozenset(self.happenings if self.happenings is not None else self.kinds)


def lanes_of(event: Event) -> tuple[object, ...]:
    """Every lane in which somebody may listen for this event, each once."""
    happening = _happening(event)
    customers = [("customer", ref) for ref in (event.customer, *event.customer_names)]
    account = ("account", event.crm_customer) if event.crm_customer else None
    entities = [("entity", code) for code in event.legal_entities]
    orders = (event.order, *event.order_names)
    named = (event.submission_id, *orders, *customers, account, happening, event.kind, *entities)
    return tuple(dict.fromkeys(lane for lane in named if lane is not None))


def _happening(event: Event) -> TimelineKind | None:
    if event.happening is not None:
        return event.happening.kind
    return event.status.cause if event.status is not None else None


class Listener:
    """One subscriber's queue. It never waits for whoever reads it: what does not fit cuts the reader off."""

    __slots__ = ("attached", "cut", "interest", "last", "left_behind", "limit", "loop", "queue", "waiter")

    def __init__(self, interest: Interest, limit: int) -> None:
        """Empty; of the event loop that runs."""
        self.interest, self.limit = interest, limit
        self.loop = asyncio.get_running_loop()
        self.queue: deque[Logged] = deque()
        self.waiter: asyncio.Future[None] | None = None
        self.attached = self.cut = False
        self.left_behind: Cursor | None = None
        self.last = 0

    @property
    def leaving(self) -> bool:
        """Whether it hears nothing more, and is to go on elsewhere."""
        return self.left_behind is not None

    def offer(self, logged: Logged) -> None:
        """Hand one on, if it is wanted; it may come by several lanes. Whoever is to leave goes on elsewhere."""
        position = logged.cursor.position
        if self.cut or self.left_behind is not None or position == self.last or not self.interest.fits(logged.event):
            return
        self.last = position
        if len(self.queue) >= self.limit:
            self.cut = True
        else:
            self.queue.append(logged)
        self.wake()

    def leave(self, behind: Cursor) -> None:
        """Let the reader go once it has what is in the queue; up to `behind` it was offered everything."""
        if self.left_behind is None:
            self.left_behind = behind
        self.wake()

    def wake(self) -> None:
        """Let the reader look."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    async def next(self) -> Logged | None:
        """The next event; None where there will be none."""
        while not self.queue:
            if self.cut or self.left_behind is not None:
                return None
            self.waiter = self.loop.create_future()
            await self.waiter
        return self.queue.popleft()
