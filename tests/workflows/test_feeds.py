"""How systems are listened to: by one worker at a time, from where it was, whatever breaks in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace

from canonical.changes import Change, Changes, Unreadable
from canonical.errors import Throttled, Unavailable
from sources.kit.call import Call
from sources.landscape_events import Feed
from tests.fakes.feeds import Both, Polled, Streamed, change
from tests.fakes.systems import FakeSystem, FakeSystems
from tests.fakes.waiting import until
from tests.workflows.house import House
from workflows.feeds import Feeds

SOON = 0.02
DOWN = Unavailable("crm", "crm does not answer.")


class Ear:
    """One worker's, on a system of this name."""

    def __init__(self, house: House, system: FakeSystem, me: str = "a", held_for: float = 60.0) -> None:
        rules = house.landscape
        quick = {name: replace(one, feed=Feed(poll_seconds=SOON)) for name, one in rules.instances.items()}
        self.house = house
        shop = replace(house.shop, systems=FakeSystems(system), landscape=replace(rules, instances=quick))
        self.feeds = Feeds(shop, me, held_for=held_for, look_every=SOON, chance=lambda: 1.0)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen until the block ends."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(way(stop)) for way in self.feeds.ways()]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    async def heard(self) -> list[str]:
        """The keys of what was stored, in its order."""
        return [row[0] for row in await self.house.ask("select key from change_in where key <> '' order by id")]

    async def has(self, many: int) -> None:
        """Come back once so many changes were stored."""

        async def enough() -> bool:
            return len(await self.heard()) >= many

        await until(enough)

    async def position(self, way: str = "poll") -> str | None:
        """Behind what it resumes."""
        rows = await self.house.ask("select position from feed where way = :way", way=way)
        return rows[0][0] if rows else None

    async def at(self, position: str | None, way: str = "poll") -> None:
        """Come back once it would resume behind this."""

        async def there() -> bool:
            rows = await self.house.ask("select position from feed where way = :way", way=way)
            return [row[0] for row in rows] == [position]

        await until(there)

    async def trouble(self, way: str = "poll") -> str | None:
        """What keeps it from hearing."""
        rows = await self.house.ask("select trouble from feed where way = :way", way=way)
        return rows[0][0] if rows else None


class Slow(Both):
    """Answers no question before it may."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.begun, self.answers = asyncio.Event(), asyncio.Event()

    async def poll_changes(self, call: Call, position: str) -> Changes:
        """As promised."""
        self.begun.set()
        await self.answers.wait()
        return await super().poll_changes(call, position)


async def no(answer: Awaitable[object]) -> bool:
    """Whether it is none."""
    return await answer is None


async def begins_at(house: House, way: str, position: str | None) -> None:
    """Somebody listened before, up to this position."""
    await house.say("insert into feed (system, way, position) values ('crm', :way, :at)", way=way, at=position)


async def test_what_was_changed_is_asked_for_step_by_step_from_where_it_was(house: House) -> None:
    crm = Polled("crm", [change(f"sale{number}") for number in range(5)])
    ear = Ear(house, crm)
    await begins_at(house, "poll", "1")

    async with ear.open():
        await ear.at("5")
        crm.journal.append(change("sale5"))
        await ear.at("6")

    assert await ear.heard() == ["sale1", "sale2", "sale3", "sale4", "sale5"]
    assert crm.polled[:2] == ["1", "3"]


async def test_a_system_that_is_listened_to_for_the_first_time_is_asked_from_now_on(house: House) -> None:
    crm = Polled("crm", [change("old")])
    ear = Ear(house, crm)

    async with ear.open():
        await ear.at("1")
        crm.journal.append(change("new"))
        await ear.has(1)

    assert await ear.heard() == ["new"]


async def test_what_steps_tell_twice_is_kept_once(house: House) -> None:
    crm = Polled("crm", [change(f"sale{number}") for number in range(5)])
    crm.overlap = 1
    ear = Ear(house, crm)
    await begins_at(house, "poll", "0")

    async with ear.open():
        await ear.at("5")

    assert await ear.heard() == [f"sale{number}" for number in range(5)]


async def test_of_a_step_that_cannot_be_stored_neither_the_changes_nor_the_position_are(house: House) -> None:
    crm = Polled("crm", [change("good"), change("bad", event_id="no\x00text"), change("after")])
    ear = Ear(house, crm)
    await begins_at(house, "poll", "0")

    async with ear.open():
        await until(ear.trouble)
        heard, position = await ear.heard(), await ear.position()
        crm.journal[1] = change("mended")
        await ear.at("3")

    assert (heard, position) == ([], "0")
    assert await ear.heard() == ["good", "mended", "after"]
    assert await ear.trouble() is None


async def test_a_message_that_means_nothing_is_shown_to_a_person_once_and_the_feed_goes_on(house: House) -> None:
    nonsense = Unreadable(event_id="m-1", sentence="This names no record.", payload='{"hello": "world"}')
    crm = Polled("crm", [change("before"), nonsense, change("after"), nonsense, change("last")])
    crm.overlap = 2
    ear = Ear(house, crm)
    await begins_at(house, "poll", "0")

    async with ear.open():
        await ear.at("5")

    assert await ear.heard() == ["before", "after", "last"]
    assert await house.ask("select explanation, technical_detail, system from integration_exception") == [
        ("This names no record.", '{"hello": "world"}', "crm")
    ]


async def test_a_system_that_is_silent_is_asked_less_and_less_often_and_from_where_it_was(house: House) -> None:
    crm = Polled("crm", [change("one")])
    crm.fault = DOWN
    ear = Ear(house, crm)
    await begins_at(house, "poll", "0")

    async with ear.open():
        await until(lambda: len(crm.polled) >= 5)
        [(sentence, position, waited)] = await house.ask(
            "select trouble, position, extract(epoch from clock_timestamp() - trouble_since) from feed"
        )
        crm.fault = None
        await ear.at("1")

    assert (sentence, position) == ("crm does not answer.", "0")
    assert float(waited) >= 0.9 * SOON * (2 + 4 + 8 + 16)
    assert await ear.heard() == ["one"]
    assert await ear.trouble() is None


async def test_a_system_that_says_when_to_come_back_is_left_alone_until_then(house: House) -> None:
    crm = Polled("crm", [change("one")])
    crm.fault = Throttled("crm", "Enough for now.", retry_after=1_800)
    ear = Ear(house, crm)

    async with ear.open():
        await until(lambda: house.ask("select 1 from feed where due_at > now() + interval '29 minutes'"))

    assert len(crm.polled) == 1


async def test_a_system_that_does_not_know_our_place_any_more_is_asked_from_before_what_was_heard_last(
    house: House,
) -> None:
    crm = Polled("crm", [change("one", minutes=-60), change("two", minutes=-5), change("three", minutes=-1)])
    crm.gone = "9"
    await begins_at(house, "poll", "9")
    await house.say("update feed set heard_at = '2026-11-20 12:00+00'")
    ear = Ear(house, crm)

    async with ear.open():
        await ear.has(2)

    assert await ear.heard() == ["two", "three"]


async def test_one_worker_at_a_time_asks_and_another_goes_on_when_its_lease_has_run_out(house: House) -> None:
    journal: list[Change | Unreadable] = [change("one"), change("two")]
    first, second = Polled("crm", journal), Polled("crm", journal)
    one, other = Ear(house, first, "a"), Ear(house, second, "b")
    await begins_at(house, "poll", "0")

    async with one.open():
        await one.at("2")
        async with other.open():
            asked = len(first.polled)
            await until(lambda: len(first.polled) >= asked + 5)
            assert second.polled == []
    journal.append(change("three"))
    async with other.open():
        await house.say("update feed set held_until = now() - interval '1 second'")
        await other.at("3")

    assert second.polled[0] == "2"
    assert await other.heard() == ["one", "two", "three"]


async def test_a_stream_resumes_behind_what_was_stored_when_its_connection_breaks(house: House) -> None:
    crm = Streamed("crm")
    ear = Ear(house, crm)

    async with ear.open():
        await until(lambda: crm.open)
        await crm.say(change("one"), change("two"))
        await ear.at("2", "stream")
        await crm.break_off(DOWN)
        crm.journal.append(change("three"))
        await until(lambda: ear.trouble("stream"))
        await crm.break_off(None)
        await ear.at("3", "stream")

    assert await ear.heard() == ["one", "two", "three"]
    assert crm.opened[0] is None
    assert set(crm.opened[1:]) == {"2"}
    assert crm.open == 0


async def test_a_stream_that_heard_something_meanwhile_is_opened_again_as_soon_as_after_its_first_break(
    house: House,
) -> None:
    crm = Streamed("crm")
    ear = Ear(house, crm)

    async with ear.open():
        for number in range(8):
            await until(lambda: crm.open)
            await crm.say(change(f"sale{number}"))
            await ear.has(number + 1)
            await crm.break_off(DOWN)
            await until(lambda: ear.trouble("stream"))
            await crm.break_off(None)
        waits = await house.ask("select extract(epoch from due_at - trouble_since) from feed where way = 'stream'")
        await until(lambda: crm.open)

    assert float(waits[0][0]) < 8 * SOON


async def test_a_stream_whose_worker_lost_its_lease_is_closed_and_another_goes_on(house: House) -> None:
    first, second = Streamed("crm"), Streamed("crm")
    one, other = Ear(house, first, "a", held_for=0.2), Ear(house, second, "b")

    async with one.open():
        await until(lambda: first.open)
        await first.say(change("one"))
        await one.at("1", "stream")
        await house.say("update feed set holder = 'b', held_until = now() + interval '1 minute'")
        await until(lambda: not first.open)
        second.journal.append(change("one"))
        async with other.open():
            await until(lambda: second.open)
            await second.say(change("two"))
            await one.at("2", "stream")

    assert await one.heard() == ["one", "two"]
    assert second.opened == ["1"]


async def test_a_stream_that_lost_its_place_is_made_up_for_by_asking_from_before_what_was_heard_last(
    house: House,
) -> None:
    crm = Both("crm")
    crm.journal += [change("one", minutes=-60), change("two", minutes=-5), change("three", minutes=-1)]
    crm.lost = "1"
    ear = Ear(house, crm)
    await begins_at(house, "stream", "1")
    await begins_at(house, "poll", "3")
    await house.say("update feed set heard_at = '2026-11-20 12:00+00' where way = 'stream'")
    await house.say("update feed set heard_at = '2026-11-20 12:01+00' where way = 'poll'")

    async with ear.open():
        await until(lambda: crm.open)
        await ear.has(2)
        await crm.say(change("four"))
        await ear.has(3)

    assert await ear.heard() == ["two", "three", "four"]
    assert crm.opened == ["1", None]


async def test_what_is_asked_for_is_never_asked_from_later_on_because_a_stream_lost_its_place(house: House) -> None:
    crm = Both("crm")
    crm.journal += [change("missed", minutes=-60), change("two", minutes=-5)]
    crm.lost = "1"
    ear = Ear(house, crm)
    await begins_at(house, "stream", "1")
    await begins_at(house, "poll", "0")
    await house.say("update feed set heard_at = '2026-11-20 12:00+00' where way = 'stream'")
    await house.say("update feed set heard_at = '2026-11-20 10:00+00' where way = 'poll'")
    await house.say("update feed set due_at = now() + interval '1 hour' where way = 'poll'")

    async with ear.open():
        await ear.has(2)

    assert await ear.heard() == ["missed", "two"]


async def test_a_look_that_was_under_way_while_a_stream_lost_its_place_does_not_pass_over_what_was_missed(
    house: House,
) -> None:
    crm = Slow("crm")
    crm.journal += [change("old", minutes=-60), change("missed", minutes=-5), change("new", minutes=-1)]
    ear = Ear(house, crm)
    await begins_at(house, "poll", "2")
    await begins_at(house, "stream", "9")
    await house.say("update feed set heard_at = '2026-11-20 12:00+00'")

    async with ear.open():
        await crm.begun.wait()
        crm.lost = "9"
        await crm.break_off(DOWN)
        await until(lambda: ear.trouble("stream"))
        await crm.break_off(None)
        await ear.at("1", "poll")
        crm.answers.set()
        await ear.at("3")

    assert await ear.heard() == ["new", "missed"]
    assert crm.polled[:2] == ["2", "1"]


async def test_a_stream_of_before_moves_no_position_that_somebody_else_moved(house: House) -> None:
    crm = Streamed("crm")
    ear = Ear(house, crm)

    async with ear.open():
        await until(lambda: crm.open)
        await crm.say(change("one"))
        await ear.at("1", "stream")
        await house.say("update feed set position = '0'")
        await crm.say(change("two"))
        await ear.at("2", "stream")

    assert await ear.heard() == ["one", "two"]
    assert crm.opened == [None, "0"]


async def test_what_cannot_be_asked_of_a_system_is_shown_while_the_rest_is_heard(house: House) -> None:
    crm = Polled("crm", [change("one")])
    crm.trouble = "invoices: crm does not let us read them."
    ear = Ear(house, crm)
    await begins_at(house, "poll", "0")

    async with ear.open():
        await ear.at("1")
        shown = await ear.trouble()
        [[since]] = await house.ask("select trouble_since from feed")
        asked = len(crm.polled)
        await until(lambda: len(crm.polled) >= asked + 2)
        [[still]] = await house.ask("select trouble_since from feed")
        crm.trouble = None
        await until(lambda: no(ear.trouble()))

    assert shown == "invoices: crm does not let us read them."
    assert since == still


async def test_a_system_is_listened_to_in_each_way_that_it_has_and_that_is_wished(house: House) -> None:
    both = Ear(house, Both("crm"))
    quiet = {name: replace(one, feed=Feed(stream=False)) for name, one in house.landscape.instances.items()}
    shop = replace(both.feeds.shop, landscape=replace(house.landscape, instances=quiet))

    assert len(both.feeds.ways()) == 2
    assert len(Feeds(shop, "a").ways()) == 1
    assert Ear(house, FakeSystem("crm", Polled("crm").books)).feeds.ways() == []
