"""Nothing that a system commits stays untold, however late it commits, whatever fails, and wherever a step ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from canonical.changes import Changes, Concept
from canonical.deadline import Deadline
from canonical.errors import Unavailable
from canonical.principal import Principal, View
from sources.feeds import PositionLostError
from sources.kit.call import Call
from sources.kit.polling.places import MOST_TOLD, Meant, Page, Place, Seen, advance, mark_of
from sources.kit.polling.polling import Lane, Polling

START = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=15)
DAY = timedelta(days=1)


class System:
    """A table whose rows are stamped when a transaction begins, and seen when it commits."""

    def __init__(self, *, rising: bool, page: int = 3) -> None:
        self.now, self.rising, self.page = START, rising, page
        self.rows: dict[str, tuple[datetime, str]] = {}
        self.down = False
        lane = Lane(name="orders", look=self.look, overlap=OVERLAP if rising else DAY, rising=rising)
        self.polling = Polling([lane], lambda: self.now)

    async def look(self, call: Call, place: Place) -> Page:
        if self.down:
            raise Unavailable("erp", "It is down.")
        since = place.since if self.rising else place.since.replace(hour=0, minute=0, second=0, microsecond=0)
        found = [
            Seen(key=(key,), mark=self.mark(key), at=at, meant=Meant(Concept.ORDER, key))
            for key, (at, _) in sorted(self.rows.items())
            if at >= since and (key,) > place.behind
        ]
        return Page(tuple(found[: self.page]), len(found) > self.page)

    def mark(self, key: str) -> str:
        at, state = self.rows[key]
        return mark_of(at) if self.rising else mark_of(at.date(), state)

    def commit(self, key: str, state: str, late: timedelta = timedelta()) -> None:
        at = self.now - late
        held = self.rows.get(key)
        self.rows[key] = (max(at, held[0] + timedelta(microseconds=1)) if held else at, state)


def call() -> Call:
    return Call(Principal("ann", "brightwell", "tests", frozenset()), View(), Deadline.after(10), "polling")


async def swept(system: System, position: str) -> tuple[Changes, str]:
    """All steps of a sweep, as one."""
    found = Changes(position=position)
    while True:
        step = await system.polling.poll(call(), found.position or "")
        found = replace(step, changes=(*found.changes, *step.changes))
        if not step.more:
            return found, found.position or ""


async def test_a_change_is_told_and_told_again_from_the_same_position_under_the_same_name() -> None:
    system = System(rising=True)
    position = system.polling.position_at(START)
    system.commit("7", "booked")

    first, after = await swept(system, position)
    again, _ = await swept(system, position)
    later, _ = await swept(system, after)

    assert [(one.concept, one.key) for one in first.changes] == [(Concept.ORDER, "7")]
    assert again.changes == first.changes
    assert later.changes == ()


async def test_what_is_committed_late_is_told_by_a_later_sweep() -> None:
    system = System(rising=True)
    system.commit("1", "booked")
    _, position = await swept(system, system.polling.position_at(START))
    system.now += timedelta(minutes=10)
    system.commit("2", "booked", late=timedelta(minutes=14))

    found, _ = await swept(system, position)

    assert [one.key for one in found.changes] == ["2"]


async def test_more_rows_of_one_stamp_than_a_page_has_are_all_told() -> None:
    system = System(rising=True)
    position = system.polling.position_at(START)
    system.rows = {f"{n:03}": (START, "booked") for n in range(20)}

    found, _ = await swept(system, position)

    assert [one.key for one in found.changes] == [f"{n:03}" for n in range(20)]


async def test_a_record_that_is_as_it_was_before_on_the_same_day_is_told_under_another_name() -> None:
    system = System(rising=False)
    position, told = system.polling.position_at(START), list[str]()
    for state in ("open", "held", "open", "held", "open"):
        system.commit("7", state)
        found, position = await swept(system, position)
        told += [one.event_id for one in found.changes]

    assert len(set(told)) == 5


async def test_a_stamp_from_the_future_hides_nothing_that_comes_after() -> None:
    system = System(rising=True)
    system.rows["1"] = (START + timedelta(days=30_000), "booked")
    _, position = await swept(system, system.polling.position_at(START))
    system.commit("2", "booked")

    assert [one.key for one in (await swept(system, position))[0].changes] == ["2"]


async def test_a_busy_hour_is_not_looked_through_again_for_ever() -> None:
    system = System(rising=True)
    system.commit("1", "booked")
    _, position = await swept(system, system.polling.position_at(START))
    system.now += timedelta(hours=6)
    _, position = await swept(system, position)

    assert json.loads(position)["orders"]["since"] == "2026-11-26T16:45:00Z"


async def test_a_fault_leaves_the_position_good() -> None:
    system = System(rising=True)
    position = system.polling.position_at(START)
    system.commit("7", "booked")
    system.down = True
    with pytest.raises(Unavailable):
        await system.polling.poll(call(), position)
    system.down = False

    assert [one.key for one in (await system.polling.poll(call(), position)).changes] == ["7"]


async def test_a_set_that_cannot_be_asked_does_not_hold_the_others_up_and_is_not_passed_over() -> None:
    one, other = System(rising=True), System(rising=True)
    lanes = [Lane(name=name, look=it.look, overlap=OVERLAP, rising=True) for name, it in (("a", one), ("b", other))]
    polling = Polling(lanes, lambda: START)
    one.commit("1", "booked")
    other.commit("2", "booked")
    one.down = True

    first = await polling.poll(call(), polling.position_at(START))
    with pytest.raises(Unavailable):
        await polling.poll(call(), first.position or "")
    one.down = False
    second = await polling.poll(call(), first.position or "")

    assert [change.key for change in first.changes] == ["2"]
    assert (first.trouble, second.trouble) == ("a: It is down.", None)
    assert [change.key for change in second.changes] == ["1"]


async def test_a_set_that_is_new_begins_where_the_others_stand() -> None:
    system = System(rising=True)
    position = system.polling.position_at(START).replace('"orders"', '"gone"')
    system.commit("7", "booked")

    assert [one.key for one in (await swept(system, position))[0].changes] == ["7"]


@pytest.mark.parametrize("position", ["", "{}", "[]", "null", '{"orders":{}}', "[" * 100_000])
async def test_a_position_that_is_none_of_ours_is_lost_in_words(position: str) -> None:
    with pytest.raises(PositionLostError):
        await System(rising=True).polling.poll(call(), position)


def test_rows_of_one_record_are_told_once_with_the_orders_of_all() -> None:
    rows = tuple(
        Seen(key=("100", str(n)), mark="m", at=START, meant=Meant(Concept.PAYMENT, "100", (order,)))
        for n, order in enumerate(["1", "2", "1"])
    )
    step = advance("ledger", Place(since=START, first="f"), Page(rows, more=False), START, DAY, rising=False)

    assert [(one.event_id, one.key, one.order_keys) for one in step.changes] == [
        ("ledger:100-0:m:f", "100", ("1", "2"))
    ]


def test_what_is_remembered_has_a_bound_and_what_lies_beyond_keeps_its_name() -> None:
    rows = tuple(
        Seen(key=(f"{n:05}",), mark="m", at=START, meant=Meant(Concept.ORDER, str(n))) for n in range(MOST_TOLD + 5)
    )
    first = advance("orders", Place(since=START, first="f"), Page(rows, more=False), START, DAY, rising=False)
    second = advance("orders", first.place, Page(rows, more=False), START, DAY, rising=False)

    assert len(first.place.told) == MOST_TOLD
    assert second.changes == first.changes[:5]


class Listener:
    """He remembers what he was told by name, looks the record up, and keeps the position of what he stored."""

    def __init__(self, system: System) -> None:
        self.system, self.position = system, system.polling.position_at(START)
        self.heard: set[str] = set()
        self.known: dict[str, str] = {}

    async def poll(self, *, stored: bool = True) -> bool:
        step = await self.system.polling.poll(call(), self.position)
        for change in step.changes if stored else ():
            if change.event_id not in self.heard:
                self.heard.add(change.event_id)
                self.known[change.key] = self.system.rows[change.key][1]
        self.position = (stored and step.position) or self.position
        return step.more

    async def do(self, what: str, key: str, state: str, minutes: int) -> None:
        match what:
            case "commit":
                self.system.commit(key, state, timedelta(minutes=minutes) if self.system.rising else timedelta())
            case "wait":
                self.system.now += timedelta(minutes=minutes)
            case "fail":
                self.system.down = True
                with pytest.raises(Unavailable):
                    await self.poll()
                self.system.down = False
            case _:
                await self.poll(stored=what == "poll")


@given(
    rising=st.booleans(),
    page=st.integers(1, 4),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["commit", "commit", "wait", "poll", "poll", "fail", "lose"]),
            st.sampled_from("abcdefgh"),
            st.sampled_from("xyz"),
            st.integers(0, 14),
        ),
        max_size=50,
    ),
)
async def test_whoever_listens_knows_the_last_of_every_record(
    rising: bool, page: int, steps: list[tuple[str, str, str, int]]
) -> None:
    system = System(rising=rising, page=page)
    listener = Listener(system)

    for step in steps:
        await listener.do(*step)
    for _ in range(2):
        while await listener.poll():
            pass

    assert listener.known == {key: state for key, (_, state) in system.rows.items()}
