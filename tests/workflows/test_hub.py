"""What subscribers of one process hear: each event once and in order, whatever is slow, away or begun anew."""

from __future__ import annotations

import asyncio
import random
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from canonical.events import Event, EventKind
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.submission import SubmissionState
from canonical.timeline import TimelineKind
from tests.fakes.events import (
    ALL,
    Counting,
    Subscriber,
    Telling,
    attached,
    changed,
    happened,
    listening,
    submitted,
    waits,
)
from tests.fakes.waiting import until
from workflows.hearing import A_TURN
from workflows.hub import Hub
from workflows.listening import Interest
from workflows.relay import Relay
from workflows.store.opening import Store

NEVER = 3_600.0
"""Seconds after which a hub looks by itself, where it is to be woken."""
SOON = 0.05


def told(number: int, chance: random.Random) -> Event:
    """Any event of a few orders and customers."""
    order = Ref("crm", f"sale{chance.randrange(4)}")
    facts = {"order": order, "customer": Ref("crm", f"acc{chance.randrange(3)}")}
    if chance.random() < 0.3:
        return changed(f"e{number}", OrderStatus.BOOKED, TimelineKind.ORDER_BOOKED, **facts)
    entities = tuple(chance.sample(["DE01", "US01"], chance.randint(0, 2)))
    kind = chance.choice([TimelineKind.ORDER_BOOKED, TimelineKind.SHIPMENT_POSTED, TimelineKind.INVOICE_GENERATED])
    return happened(f"e{number}", kind, legal_entities=entities, **facts)


def anybody(chance: random.Random) -> Interest:
    """What somebody may want to hear."""
    return chance.choice(
        [
            ALL,
            Interest(kinds=frozenset({EventKind.STATUS_CHANGED})),
            Interest(kinds=frozenset(EventKind), orders=frozenset({Ref("crm", "sale1"), Ref("crm", "sale2")})),
            Interest(kinds=frozenset(EventKind), customers=frozenset({Ref("crm", "acc1")})),
            Interest(kinds=frozenset(EventKind), legal_entities=frozenset({"DE01", "US01"})),
            Interest(kinds=frozenset(EventKind), happenings=frozenset({TimelineKind.ORDER_BOOKED})),
        ]
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("woken", [True, False], ids=["woken by Redis", "without Redis"])
async def test_whoever_resumes_hears_each_event_once_and_in_order_while_more_keep_coming(
    store: Store, line: Redis, seed: int, *, woken: bool
) -> None:
    chance = random.Random(seed)
    telling = Telling(store, Relay(store, "acme", line if woken else None))
    hub = Hub(store, "acme", line if woken else None, look_every=SOON, queue=12)
    await telling.log(*[told(number, chance) for number in range(30)])
    subscribers: list[Subscriber] = []

    async with hub.open(), listening() as tasks:
        for start in range(30, 330, 20):
            await telling.put(*[told(number, chance) for number in range(start, start + 20)])
            if chance.random() < 0.8:
                await telling.relay.move()
            for _ in range(chance.randint(0, 2)):
                pace = asyncio.Semaphore(chance.randint(0, 3)) if chance.random() < 0.4 else None
                behind = await telling.at(chance.randint(0, hub.cursor.position))
                subscribers.append(Subscriber(hub, behind, anybody(chance), pace))
                tasks.append(asyncio.create_task(subscribers[-1].listen()))
            for one in subscribers:
                if one.pace is not None and chance.random() < 0.3:
                    one.pace.release()
        await telling.log()
        for one in subscribers:
            one.hurry()
        everything = await telling.everything()
        await until(lambda: all(len(one.heard) >= len(one.of(everything)) for one in subscribers))

    assert len(everything) == 330
    assert len(subscribers) > 5
    for one in subscribers:
        assert one.heard == one.of(everything)
    assert hub.listeners == 0


async def test_many_who_ask_at_once_whether_their_cursor_is_known_make_nothing_be_told_twice(
    quiet: Telling, line: Redis
) -> None:
    hub = Hub(quiet.store, "acme", line, look_every=NEVER)
    await quiet.log(happened("e1"))

    async with hub.open():
        there = Subscriber(hub, hub.cursor)
        async with listening(there):
            await attached(hub, 1)
            await quiet.log(*[happened(f"e{number}") for number in range(2, 40)])
            newest = await quiet.at(39)
            await asyncio.gather(*[hub.check(newest) for _ in range(12)])
            await there.hears(38)

    assert there.keys == [f"e{number}" for number in range(2, 40)]
    assert hub.cursor == newest


async def test_ten_thousand_events_that_were_missed_are_told_in_their_order(quiet: Telling) -> None:
    await quiet.log(*[happened(f"e{number}") for number in range(10_000)])
    hub = Hub(quiet.store, "acme")

    async with hub.open():
        late = Subscriber(hub, await quiet.at(0))
        async with listening(late):
            await late.hears(5_000)
            await quiet.log(happened("e10000"))
            await late.hears(10_001)

    assert late.keys == [f"e{number}" for number in range(10_001)]
    assert late.cuts == []


async def test_those_who_come_back_soon_do_not_ask_the_database(quiet: Telling, line: Redis) -> None:
    store = Counting(quiet.store.url)
    hub = Hub(store, "acme", line, look_every=NEVER)
    start = await quiet.at(0)

    async with hub.open():
        await until(lambda: waits(line))
        await quiet.log(*[happened(f"e{number}") for number in range(20)])
        await hub.check(await quiet.at(20))
        before = store.asked
        back = [Subscriber(hub, start) for _ in range(10)]
        async with listening(*back):
            await until(lambda: all(len(one.heard) >= 20 for one in back))

    assert store.asked == before
    assert all(one.keys == [f"e{number}" for number in range(20)] for one in back)
    await store.close()


SALE1, SALE2, ACC1 = Ref("crm", "sale1"), Ref("crm", "sale2"), Ref("crm", "acc1")
EVENTS = [
    happened("booked-1", customer=ACC1),
    happened("shipped-1", TimelineKind.SHIPMENT_POSTED, customer=ACC1, legal_entities=("DE01", "US01")),
    happened("booked-2", order=SALE2, legal_entities=("US01",)),
    changed("status-1", OrderStatus.BOOKED, TimelineKind.ORDER_BOOKED, customer=ACC1),
    changed("status-2", OrderStatus.FULFILLED, TimelineKind.SHIPMENT_POSTED, order=SALE2, legal_entities=()),
    submitted("submission-1", "s1", SubmissionState.COMPLETED, legal_entities=()),
    submitted("submission-2", "s2", SubmissionState.COMPLETED, legal_entities=()),
    happened("handed-in", TimelineKind.ORDER_SUBMITTED, order=None, submission_id="s1", legal_entities=()),
    happened("not ours", tenant="other"),
]
EVERY = frozenset(EventKind)
NARROWED = {
    "one order": (Interest(kinds=EVERY, orders=frozenset({SALE2})), ["booked-2", "status-2"]),
    "two orders": (
        Interest(kinds=frozenset({EventKind.STATUS_CHANGED}), orders=frozenset({SALE1, SALE2})),
        ["status-1", "status-2"],
    ),
    "a customer": (Interest(kinds=EVERY, customers=frozenset({ACC1})), ["booked-1", "shipped-1", "status-1"]),
    "a kind of happening": (
        Interest(kinds=EVERY, happenings=frozenset({TimelineKind.SHIPMENT_POSTED})),
        ["shipped-1", "status-2"],
    ),
    "a kind of event": (Interest(kinds=frozenset({EventKind.STATUS_CHANGED})), ["status-1", "status-2"]),
    "a legal entity": (Interest(kinds=EVERY, legal_entities=frozenset({"US01"})), ["shipped-1", "booked-2"]),
    "two legal entities, each event once": (
        Interest(kinds=EVERY, legal_entities=frozenset({"DE01", "US01"})),
        ["booked-1", "shipped-1", "booked-2", "status-1"],
    ),
    "two kinds of event and of happening": (
        Interest(
            kinds=frozenset({EventKind.HAPPENING, EventKind.STATUS_CHANGED}),
            happenings=frozenset({TimelineKind.ORDER_BOOKED, TimelineKind.ORDER_SUBMITTED}),
        ),
        ["booked-1", "booked-2", "status-1", "handed-in"],
    ),
    "a submission": (Interest(kinds=EVERY, submission_id="s1"), ["submission-1", "handed-in"]),
    "all of it together": (
        Interest(
            kinds=EVERY,
            orders=frozenset({SALE1}),
            customers=frozenset({ACC1}),
            happenings=frozenset({TimelineKind.ORDER_BOOKED}),
            legal_entities=frozenset({"DE01"}),
        ),
        ["booked-1", "status-1"],
    ),
    "nothing at all": (Interest(kinds=EVERY, orders=frozenset()), []),
    "what may be seen": (Interest(kinds=EVERY, admits=lambda event: "-1" in event.key and event.tenant == "acme"),
        ["booked-1", "shipped-1", "status-1", "submission-1"]),
}  # fmt: skip


@pytest.mark.parametrize("interest,keys", NARROWED.values(), ids=NARROWED)
@pytest.mark.parametrize("late", [True, False], ids=["that were missed", "as they come"])
async def test_of_all_events_only_those_are_told_that_fit_each_once(
    quiet: Telling, interest: Interest, keys: list[str], *, late: bool
) -> None:
    hub = Hub(quiet.store, "acme", look_every=SOON)
    if late:
        await quiet.log(*EVENTS)

    async with hub.open():
        one = Subscriber(hub, await quiet.at(0), interest)
        async with listening(one):
            if not late:
                await attached(hub, 1)
                await quiet.log(*EVENTS)
            await until(lambda: hub.cursor.position == len(EVENTS) and len(one.heard) >= len(keys))
            await attached(hub, 1)

    assert one.keys == keys


async def test_whoever_is_slower_than_its_queue_is_cut_off_behind_what_it_was_given_and_nobody_else(
    quiet: Telling,
) -> None:
    hub = Hub(quiet.store, "acme", look_every=SOON, queue=5)
    slow, quick = Subscriber(hub, await quiet.at(0), pace=asyncio.Semaphore(0)), Subscriber(hub, await quiet.at(0))

    async with hub.open(), listening(slow, again=False), listening(quick):
        await attached(hub, 2)
        for number in range(1, 21):
            await quiet.log(happened(f"e{number}"))
            await quick.hears(number)
        slow.hurry()
        await until(lambda: slow.cuts)
        rest = Subscriber(hub, slow.cuts[0].cursor)
        async with listening(rest):
            await rest.hears(14)

    assert slow.keys == [f"e{number}" for number in range(1, 7)]
    assert slow.cuts[0].cursor == await quiet.at(6)
    assert not slow.cuts[0].leaving
    assert rest.keys == [f"e{number}" for number in range(7, 21)]
    assert quick.cuts == []


async def test_a_hub_that_leaves_sends_everybody_away_behind_what_was_in_their_queues(quiet: Telling) -> None:
    hub = Hub(quiet.store, "acme", look_every=SOON)
    behind = [Subscriber(hub, await quiet.at(0), pace=asyncio.Semaphore(0)) for _ in range(2)]
    waiting = Subscriber(hub, await quiet.at(0))

    async with listening(*behind, waiting, again=False) as tasks:
        async with hub.open():
            await attached(hub, 3)
            await quiet.log(*[happened(f"e{number}") for number in range(1, 4)])
            await until(lambda: len(waiting.heard) == 3 and len(behind[0].heard) == 1)
        for one in behind:
            one.hurry()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)
        late = Subscriber(hub, await quiet.at(1))
        await asyncio.wait_for(late.listen(again=False), 30)

    end = await quiet.at(3)
    for one in (*behind, waiting):
        assert one.keys == ["e1", "e2", "e3"]
        assert [(cut.cursor, cut.leaving) for cut in one.cuts] == [(end, True)]
    assert [(cut.cursor, cut.leaving) for cut in late.cuts] == [(await quiet.at(1), True)]
    assert hub.listeners == 0


async def test_whoever_reads_much_of_the_log_lets_others_have_their_turn(quiet: Telling) -> None:
    await quiet.log(*[happened(f"e{number}") for number in range(1000)])
    hub, turns = Hub(quiet.store, "acme", look_every=SOON), 0

    async def another() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with hub.open():
        events = hub.events(ALL, await quiet.at(0))
        first = await anext(cast("Any", events))
        other = asyncio.create_task(another())
        seen = [first, *[await anext(cast("Any", events)) for _ in range(999)]]
        other.cancel()
        await events.aclose()

    assert [logged.event.key for logged in seen] == [f"e{number}" for number in range(1000)]
    assert turns >= 1000 // A_TURN - 3


async def test_whoever_was_sent_here_by_a_process_that_ended_is_told_from_what_is_at_hand(quiet: Telling) -> None:
    await quiet.log(*[happened(f"e{number}") for number in range(20)])
    hub = Hub(quiet.store, "acme", look_every=NEVER)
    start = await quiet.at(5)

    async with hub.open():
        await quiet.store.close()
        events = cast("Any", hub.events(ALL, start))
        heard = [await anext(events) for _ in range(15)]
        await events.aclose()

    assert [logged.event.key for logged in heard] == [f"e{number}" for number in range(5, 20)]


async def test_an_event_wakes_nobody_whose_rights_do_not_open_it(quiet: Telling) -> None:
    hub = Hub(quiet.store, "acme", look_every=SOON, queue=2)
    rights = [
        Interest(kinds=EVERY, accounts=frozenset({"acc9"})),
        Interest(kinds=EVERY, books=frozenset({"XX01"})),
        Interest(kinds=EVERY, accounts=frozenset({"acc1"}), books=frozenset({"XX01"})),
        Interest(kinds=EVERY, accounts=frozenset({"acc1"}), books=frozenset({"DE01"})),
    ]
    subscribers = [Subscriber(hub, await quiet.at(0), one) for one in rights]

    async with hub.open(), listening(*subscribers):
        await attached(hub, len(rights))
        for number in range(5):
            await quiet.log(happened(f"e{number}", crm_customer="acc1"))
        await subscribers[3].hears(5)

    assert [len(one.heard) for one in subscribers] == [0, 0, 0, 5]
    assert [one.lanes() for one in rights[:2]] == [{("account", "acc9")}, {("entity", "XX01")}]


async def test_a_log_whose_events_are_gone_though_it_says_otherwise_holds_nobody_up(quiet: Telling) -> None:
    hub = Hub(quiet.store, "acme", look_every=SOON)

    async with hub.open():
        await until(lambda: hub.cursor.epoch != "none")
        async with quiet.store.transaction() as transaction:
            await transaction.exec_driver_sql("update event_log set head = 3")
        await until(lambda: hub.cursor.position == 3)
        one = Subscriber(hub, hub.cursor)
        async with listening(one):
            await attached(hub, 1)
            await quiet.log(happened("e4"))
            await one.hears(1)

    assert one.keys == ["e4"]


async def test_a_burst_cuts_nobody_off_who_takes_what_it_is_told(quiet: Telling, line: Redis) -> None:
    hub, relay = Hub(quiet.store, "acme", line, look_every=NEVER), Relay(quiet.store, "acme", line)

    async with hub.open():
        one = Subscriber(hub, await quiet.at(0))
        async with listening(one):
            await attached(hub, 1)
            await until(lambda: waits(line))
            await quiet.put(*[happened(f"e{number}") for number in range(450)])
            await relay.move()
            await one.hears(450)

    assert one.cuts == []


async def test_whoever_may_see_nothing_is_sent_away_as_well(quiet: Telling) -> None:
    hub = Hub(quiet.store, "acme", look_every=SOON)

    async with hub.open():
        nobody = Subscriber(hub, await quiet.at(0), Interest(kinds=EVERY, accounts=frozenset()))
        async with listening(nobody, again=False) as tasks:
            await attached(hub, 1)
            hub.leave()
            await asyncio.wait_for(asyncio.gather(*tasks), 30)

    assert [cut.leaving for cut in nobody.cuts] == [True]


async def test_closing_an_iterator_detaches_it_at_once(quiet: Telling) -> None:
    hub = Hub(quiet.store, "acme", look_every=SOON)
    start = await quiet.at(0)

    async with hub.open():
        opened = [cast("Any", hub.events(ALL, start)) for _ in range(5)]
        firsts = [asyncio.ensure_future(anext(one)) for one in opened]
        await attached(hub, 5)
        await quiet.log(happened("e1"))
        await asyncio.gather(*firsts)
        for left, one in enumerate(reversed(opened)):
            assert hub.listeners == 5 - left
            await one.aclose()
        waiting = asyncio.ensure_future(anext(cast("Any", hub.events(ALL, hub.cursor))))
        await attached(hub, 1)
        waiting.cancel()
        await asyncio.wait([waiting])

        assert hub.listeners == 0
