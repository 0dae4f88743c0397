"""Mutations: one root field after the other, each with all that is below it; a failed one stops none that may."""

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


class Jammed(Exception):
    """The till did not open."""


@dataclass
class Till(Desk):
    """A desk with one number on it, and a diary of what happened."""

    amount: int = 6
    diary: list[str] = field(default_factory=list)


@dataclass
class Drawer:
    """The till as a mutation left it: read late, it says what others have done to it since."""

    till: Till

    @property
    def now(self) -> int:
        self.till.diary.append(f"read {self.till.amount}")
        return self.till.amount


async def set_at_once(till: Till, parents: Sequence[None], _wanted: Wanted, to: int) -> Sequence[Drawer]:
    till.diary.append(f"set {to}")
    till.amount = to
    return [Drawer(till)]


async def slowly(till: Till, parents: Sequence[None], _wanted: Wanted, to: int) -> Sequence[Drawer]:
    till.diary.append(f"begin {to}")
    for _ in range(4):
        await asyncio.sleep(0)
    return await set_at_once(till, parents, _wanted, to)


async def jam(till: Till, parents: Sequence[None], _wanted: Wanted, to: int) -> Sequence[Drawer]:
    till.diary.append(f"jam {to}")
    raise Jammed("Cannot change the amount")


async def refused(till: Till, parents: Sequence[None], _wanted: Wanted, to: int) -> Sequence[Drawer | Exception]:
    till.diary.append(f"refuse {to}")
    await asyncio.sleep(0)
    return [Jammed("Cannot change the amount")]


async def recount(till: Till, parents: Sequence[Drawer], _wanted: Wanted) -> Sequence[int]:
    for _ in range(4):
        await asyncio.sleep(0)
    till.diary.append(f"recount {till.amount}")
    return [parent.till.amount for parent in parents]


@strawberry.type
class Register:
    now: int
    counted: int = batch(recount)
    same: Register = each(lambda drawer: drawer)


@strawberry.type
class Query:
    fine: str = gives("fine")


@strawberry.type
class Mutation:
    at_once: Register | None = batch(set_at_once)
    slowly: Register | None = batch(slowly)
    jammed: Register | None = batch(jam)
    refused: Register | None = batch(refused)
    must: Register = batch(jam)
    surely: Register = batch(set_at_once)


shop = strawberry.Schema(Query, Mutation)


def wrong(line: int, column: int, *path: str, message: str = "Cannot change the amount") -> dict[str, object]:
    return {"message": message, "locations": [{"line": line, "column": column}], "path": list(path)}


async def test_mutations_happen_one_after_the_other_in_the_order_of_the_text(engine: Engine) -> None:
    till = Till()
    text = """mutation {
      first: atOnce(to: 1) { now }
      second: slowly(to: 2) { now }
      third: atOnce(to: 3) { now }
      fourth: slowly(to: 4) { now }
      fifth: atOnce(to: 5) { now }
    }"""

    answer = await engine.ask(shop, text, desk=till)

    assert answer == {
        "data": {
            "first": {"now": 1},
            "second": {"now": 2},
            "third": {"now": 3},
            "fourth": {"now": 4},
            "fifth": {"now": 5},
        }
    }
    assert list(answer["data"]) == ["first", "second", "third", "fourth", "fifth"]
    assert till.amount == 5


async def test_all_that_is_below_a_mutation_is_answered_before_the_next_one_begins(engine: Engine) -> None:
    till = Till()
    text = "mutation { a: slowly(to: 1) { same { counted } } b: atOnce(to: 2) { counted now } }"

    answer = await engine.ask(shop, text, desk=till)

    assert answer == {"data": {"a": {"same": {"counted": 1}}, "b": {"counted": 2, "now": 2}}}
    assert till.diary[:4] == ["begin 1", "set 1", "recount 1", "set 2"]
    assert sorted(till.diary[4:]) == ["read 2", "recount 2"]


async def test_a_failed_mutation_leaves_those_before_and_after_it(engine: Engine) -> None:
    till = Till()
    text = """mutation {
      first: atOnce(to: 1) { now }
      second: slowly(to: 2) { now }
      third: jammed(to: 3) { now }
      fourth: slowly(to: 4) { now }
      fifth: atOnce(to: 5) { now }
      sixth: refused(to: 6) { now }
    }"""

    answer = await engine.ask(shop, text, desk=till)

    assert answer == {
        "data": {
            "first": {"now": 1},
            "second": {"now": 2},
            "third": None,
            "fourth": {"now": 4},
            "fifth": {"now": 5},
            "sixth": None,
        },
        "errors": [wrong(4, 7, "third"), wrong(7, 7, "sixth")],
    }
    assert till.amount == 5


async def test_after_a_mutation_that_takes_the_whole_answer_none_happens(engine: Engine) -> None:
    till = Till()

    answer = await engine.ask(
        shop, "mutation { atOnce(to: 1) { now } must(to: 2) { now } surely(to: 3) { now } }", desk=till
    )

    assert answer == {"data": None, "errors": [wrong(1, 34, "must")]}
    assert till.diary == ["set 1", "read 1", "jam 2"]


async def test_mutations_in_fragments_keep_their_order(engine: Engine) -> None:
    till = Till()
    text = """mutation { ...One, c: slowly(to: 3) { now } ... { d: atOnce(to: 4) { now } } }
      fragment One on Mutation { a: slowly(to: 1) { now } b: atOnce(to: 2) { now } }"""

    answer = await engine.ask(shop, text, desk=till)

    assert answer == {"data": {"a": {"now": 1}, "b": {"now": 2}, "c": {"now": 3}, "d": {"now": 4}}}
    assert [entry for entry in till.diary if entry.startswith("set")] == ["set 1", "set 2", "set 3", "set 4"]


async def test_a_mutation_asked_for_twice_under_one_name_happens_once(engine: Engine) -> None:
    till = Till()

    answer = await engine.ask(shop, "mutation { atOnce(to: 1) { now } atOnce(to: 1) { counted } }", desk=till)

    assert answer == {"data": {"atOnce": {"now": 1, "counted": 1}}}
    assert till.diary.count("set 1") == 1


async def test_a_skipped_mutation_does_not_happen(engine: Engine) -> None:
    till = Till()
    text = "mutation ($no: Boolean!) { a: atOnce(to: 1) @skip(if: $no) { now } b: atOnce(to: 2) { now } }"

    answer = await engine.ask(shop, text, {"no": True}, desk=till)

    assert answer == {"data": {"b": {"now": 2}}}
    assert till.diary == ["set 2", "read 2"]


async def test_null_for_a_required_argument_keeps_that_mutation_from_happening_and_no_other(engine: Engine) -> None:
    till = Till()
    text = "mutation ($to: Int = 9) { a: atOnce(to: 1) { now } b: atOnce(to: $to) { now } c: atOnce(to: 3) { now } }"

    answer = await engine.ask(shop, text, {"to": None}, desk=till)

    assert answer == {
        "data": {"a": {"now": 1}, "b": None, "c": {"now": 3}},
        "errors": [
            wrong(
                1,
                66,
                "b",
                message="Argument 'to' has invalid value: "
                "Expected variable '$to' provided to non-null type 'Int!' not to be None.",
            )
        ],
    }
    assert till.diary == ["set 1", "read 1", "set 3", "read 3"]


async def test_the_type_name_among_mutations_is_the_mutation_types(engine: Engine) -> None:
    till = Till()

    answer = await engine.ask(shop, "mutation { __typename atOnce(to: 1) { __typename } }", desk=till)

    assert answer == {"data": {"__typename": "Mutation", "atOnce": {"__typename": "Register"}}}
    assert list(answer["data"]) == ["__typename", "atOnce"]
