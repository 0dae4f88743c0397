"""What may be asked at the same time is: each call here waits until the other has begun."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import strawberry

from canonical.wanted import Wanted
from engine.seam import batch
from tests.engine.execution.asking import Engine
from tests.engine.execution.fields import each, gives
from tests.engine.shop import Desk


@dataclass
class Meeting(Desk):
    """Opens when as many calls have begun as are expected."""

    expected: int = 2
    begun: list[int] = field(default_factory=list)
    all_here: asyncio.Event = field(default_factory=asyncio.Event)


async def meet(meeting: Meeting, parents: Sequence[object], _wanted: Wanted) -> Sequence[str]:
    meeting.begun.append(len(parents))
    if len(meeting.begun) == meeting.expected:
        meeting.all_here.set()
    await asyncio.wait_for(meeting.all_here.wait(), 10)
    return ["met"] * len(parents)


async def fail(meeting: Meeting, parents: Sequence[object], wanted: Wanted) -> Sequence[str]:
    await meet(meeting, parents, wanted)
    raise ConnectionError("they quarrelled")


@dataclass(frozen=True)
class GuestValue:
    name: str


@dataclass(frozen=True)
class HostValue(GuestValue):
    """Another type of person."""


@strawberry.interface
class Person:
    name: str


@strawberry.type
class Guest(Person):
    greeting: str | None = batch(meet)
    farewell: str | None = batch(meet)
    quarrel: str | None = batch(fail)
    friend: Guest | None = each(lambda guest: GuestValue(f"friend of {guest.name}"))

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return type(value) is GuestValue


@strawberry.type
class Host(Person):
    greeting: str | None = batch(meet)

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, HostValue)


ADA, BO = GuestValue("Ada"), GuestValue("Bo")


@strawberry.type
class Query:
    one: str | None = batch(meet)
    two: str | None = batch(meet)
    guest: Guest | None = gives(ADA)
    other: Guest | None = gives(BO)
    guests: list[Guest] | None = gives([ADA, BO])
    people: list[Person] | None = gives([ADA, HostValue("Cy"), BO])


party = strawberry.Schema(Query, types=[Guest, Host])


async def test_root_fields(engine: Engine) -> None:
    assert await engine.ask(party, "{ one two }", desk=Meeting()) == {"data": {"one": "met", "two": "met"}}


async def test_the_fields_of_one_object(engine: Engine) -> None:
    assert await engine.ask(party, "{ guest { greeting farewell } }", desk=Meeting()) == {
        "data": {"guest": {"greeting": "met", "farewell": "met"}}
    }


async def test_the_fields_below_different_objects(engine: Engine) -> None:
    text = "{ guest { friend { greeting } } other { greeting } }"

    assert await engine.ask(party, text, desk=Meeting()) == {
        "data": {"guest": {"friend": {"greeting": "met"}}, "other": {"greeting": "met"}}
    }


async def test_a_root_field_and_one_further_down(engine: Engine) -> None:
    assert await engine.ask(party, "{ one guest { friend { greeting } } }", desk=Meeting()) == {
        "data": {"one": "met", "guest": {"friend": {"greeting": "met"}}}
    }


async def test_the_types_of_one_interface(engine: Engine) -> None:
    meeting = Meeting()

    answer = await engine.ask(party, "{ people { ... on Guest { greeting } ... on Host { greeting } } }", desk=meeting)

    assert answer == {"data": {"people": [{"greeting": "met"}] * 3}}
    assert sorted(meeting.begun) == [1, 2]


async def test_all_items_of_a_list_in_one_call(engine: Engine) -> None:
    meeting = Meeting(expected=1)

    answer = await engine.ask(party, "{ guests { greeting } }", desk=meeting)

    assert answer == {"data": {"guests": [{"greeting": "met"}, {"greeting": "met"}]}}
    assert meeting.begun == [2]


async def test_a_failing_one_does_not_end_its_neighbours(engine: Engine) -> None:
    answer = await engine.ask(party, "{ guest { quarrel greeting } }", desk=Meeting())

    assert answer == {
        "data": {"guest": {"quarrel": None, "greeting": "met"}},
        "errors": [
            {
                "message": "they quarrelled",
                "locations": [{"line": 1, "column": 11}],
                "path": ["guest", "quarrel"],
            }
        ],
    }
