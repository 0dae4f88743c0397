"""Null where none may be: it climbs to the nearest place that may be null, and one error says where it began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import strawberry

from canonical.wanted import Wanted
from engine.seam import batch, derived
from tests.engine.execution.asking import Engine, Name, settled
from tests.engine.execution.fields import each, gives
from tests.engine.shop import Desk


class Broken(Exception):
    """A value that could not be had."""


@dataclass(frozen=True)
class CrateValue:
    """A crate whose every value is null, or broken."""

    broken: bool

    @property
    def word(self) -> str | None:
        return self._answer("word")

    @property
    def firm_word(self) -> str | None:
        return self._answer("firm word")

    def _answer(self, what: str) -> str | None:
        if self.broken:
            raise Broken(f"{what} is broken")
        return None


def asked(crate: CrateValue) -> object:
    return Broken("asked is broken") if crate.broken else None


def firm_asked(crate: CrateValue) -> object:
    return Broken("firm asked is broken") if crate.broken else None


@strawberry.type
class Crate:
    word: str | None
    firm_word: str
    asked: str | None = each(asked, called="asked")
    firm_asked: str = each(firm_asked, called="firmAsked")
    inside: Crate | None = derived(lambda crate: crate)
    firm_inside: Crate = derived(lambda crate: crate)
    below: Crate | None = each(lambda crate: crate, called="below")
    firm_below: Crate = each(lambda crate: crate, called="firmBelow")


@strawberry.type
class Query:
    nulls: Crate | None = gives(CrateValue(broken=False))
    broken: Crate | None = gives(CrateValue(broken=True))
    firm_nulls: Crate = gives(CrateValue(broken=False))
    firm_broken: Crate = gives(CrateValue(broken=True))
    nothing: Crate | None = gives(None)
    plain: str | None = gives("plain", called="plain")


crates = strawberry.Schema(Query)

MESSAGES = {
    ("nulls", "firmWord"): "Cannot return null for non-nullable field Crate.firmWord.",
    ("nulls", "firmAsked"): "Cannot return null for non-nullable field Crate.firmAsked.",
    ("broken", "word"): "word is broken",
    ("broken", "firmWord"): "firm word is broken",
    ("broken", "asked"): "asked is broken",
    ("broken", "firmAsked"): "firm asked is broken",
}


def wrong(root: str, line: int, column: int, *path: str, kind: str | None = None) -> dict[str, object]:
    message = MESSAGES[kind or root, path[-1]]
    return {"message": message, "locations": [{"line": line, "column": column}], "path": list(path)}


@pytest.mark.parametrize("field", ["word", "asked"])
async def test_null_is_a_fine_answer_where_it_may_be(engine: Engine, field: str) -> None:
    assert await engine.ask(crates, f"{{ nulls {{ {field} }} }}") == {"data": {"nulls": {field: None}}}


@pytest.mark.parametrize("field", ["word", "asked"])
async def test_an_error_where_null_may_be_is_null_there(engine: Engine, field: str) -> None:
    assert await engine.ask(crates, f"{{ broken {{ {field} }} plain }}") == {
        "data": {"broken": {field: None}, "plain": "plain"},
        "errors": [wrong("broken", 1, 12, "broken", field)],
    }


@pytest.mark.parametrize("root,column", [("nulls", 11), ("broken", 12)])
@pytest.mark.parametrize("field", ["firmWord", "firmAsked"])
async def test_where_null_may_not_be_the_parent_is_null(engine: Engine, root: str, column: int, field: str) -> None:
    assert await engine.ask(crates, f"{{ {root} {{ {field} }} plain }}") == {
        "data": {root: None, "plain": "plain"},
        "errors": [wrong(root, 1, column, root, field)],
    }


@pytest.mark.parametrize("root,column", [("nulls", 19), ("broken", 20)])
@pytest.mark.parametrize("field", ["firmWord", "firmAsked"])
@pytest.mark.parametrize("inner", ["below ", "inside"])
async def test_no_more_is_null_than_must_be(engine: Engine, root: str, column: int, field: str, inner: str) -> None:
    inside = inner.strip()
    answer = await engine.ask(crates, f"{{ {root} {{ {inner} {{ {field} }} again: __typename }} }}")

    assert answer == {
        "data": {root: {inside: None, "again": "Crate"}},
        "errors": [wrong(root, 1, column + 1, root, inside, field)],
    }


TREE = """
{ word asked
  inside { word asked inside { word asked } below { word asked } }
  below { word asked inside { word asked } below { word asked } }
}"""


async def test_a_tree_of_nulls_is_answered_as_it_is(engine: Engine) -> None:
    leaf = {"word": None, "asked": None}
    branch = {**leaf, "inside": leaf, "below": leaf}

    assert await engine.ask(crates, f"{{ nulls {TREE} }}") == {
        "data": {"nulls": {**leaf, "inside": branch, "below": branch}}
    }


async def test_a_tree_of_errors_has_one_for_each_leaf(engine: Engine, name: Name) -> None:
    leaf = {"word": None, "asked": None}
    branch = {**leaf, "inside": leaf, "below": leaf}

    answer = await engine.ask(crates, f"{{ broken {TREE} }}")

    assert answer["data"] == {"broken": {**leaf, "inside": branch, "below": branch}}
    branches: list[list[str]] = [[], ["inside"], ["inside", "inside"], ["inside", "below"]]
    branches += [["below"], ["below", "inside"], ["below", "below"]]
    places = [["broken", *place, last] for place in branches for last in leaf]
    found = [{"path": error["path"], "message": error["message"]} for error in answer["errors"]]
    expected = [{"path": place, "message": MESSAGES["broken", place[-1]]} for place in places]
    assert settled(name, found) == settled(name, expected)


CHAIN = "firmBelow { firmInside { firmBelow { firmInside { firmBelow { %s } } } } }"
LINKS = ["firmBelow", "firmInside", "firmBelow", "firmInside", "firmBelow"]


@pytest.mark.parametrize("root", ["nulls", "broken"])
@pytest.mark.parametrize("field", ["firmWord", "firmAsked"])
async def test_a_null_climbs_a_long_chain_to_the_first_place_that_may_be_null(
    engine: Engine, name: Name, root: str, field: str
) -> None:
    text = f"""{{ {root} {{
      word: __typename
      one: inside {{ {CHAIN % field} }}
      two: below {{ {CHAIN % field} }}
    }} }}"""

    answer = await engine.ask(crates, text)

    assert answer["data"] == {root: {"word": "Crate", "one": None, "two": None}}
    assert settled(name, answer["errors"]) == [
        {
            "message": MESSAGES[root, field],
            "locations": [{"line": line, "column": column}],
            "path": [root, link, *LINKS, field],
        }
        for line, column, link in [(3, 83, "one"), (4, 82, "two")]
    ]


@pytest.mark.parametrize("root,kind,column", [("firmNulls", "nulls", 15), ("firmBroken", "broken", 16)])
@pytest.mark.parametrize("field", ["firmWord", "firmAsked"])
async def test_where_nothing_above_may_be_null_the_whole_answer_is(
    engine: Engine, root: str, kind: str, column: int, field: str
) -> None:
    assert await engine.ask(crates, f"{{ {root} {{ {field} }} plain }}") == {
        "data": None,
        "errors": [wrong(root, 1, column, root, field, kind=kind)],
    }


async def picky(context: Desk, parents: Sequence[None], wanted: Wanted, value: str) -> Sequence[str]:
    context.note("picky", parents, wanted)
    return [value] * len(parents)


@strawberry.type
class Strict:
    picky: str = batch(picky)
    number: int = gives(None)
    torn: int = gives(Broken("torn"))
    fine: int | None = gives(1, called="fine")


strict = strawberry.Schema(Strict)


async def test_a_root_field_that_may_not_be_null_takes_the_whole_answer(engine: Engine) -> None:
    assert await engine.ask(strict, "{ fine number }") == {
        "data": None,
        "errors": [
            {
                "message": "Cannot return null for non-nullable field Strict.number.",
                "locations": [{"line": 1, "column": 8}],
                "path": ["number"],
            }
        ],
    }
    assert await engine.ask(strict, "{ fine torn }") == {
        "data": None,
        "errors": [{"message": "torn", "locations": [{"line": 1, "column": 8}], "path": ["torn"]}],
    }


async def test_a_bad_argument_that_takes_the_whole_answer_keeps_everything_from_being_asked(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(strict, 'query ($v: String = "a") { picky(value: $v) fine }', {"v": None}, desk=desk)

    assert answer == {
        "data": None,
        "errors": [
            {
                "message": "Argument 'value' has invalid value: "
                "Expected variable '$v' provided to non-null type 'String!' not to be None.",
                "locations": [{"line": 1, "column": 41}],
                "path": ["picky"],
            }
        ],
    }
    assert desk.calls == []


async def test_an_error_that_stays_below_is_told_beside_one_that_takes_the_answer(engine: Engine) -> None:
    answer = await engine.ask(crates, "{ broken { asked } firmNulls { firmAsked } }")

    assert answer == {
        "data": None,
        "errors": [
            wrong("broken", 1, 12, "broken", "asked"),
            wrong("firmNulls", 1, 32, "firmNulls", "firmAsked", kind="nulls"),
        ],
    }


async def test_of_two_that_may_not_be_null_one_speaks_for_both(engine: Engine, name: Name) -> None:
    answer = await engine.ask(crates, "{ nulls { firmAsked firmWord } }")

    # graphql-core meets the attribute before the call has answered; the order of the text is the compiled engine's.
    first = (
        wrong("nulls", 1, 11, "nulls", "firmAsked") if name == "loom" else wrong("nulls", 1, 21, "nulls", "firmWord")
    )
    assert answer == {"data": {"nulls": None}, "errors": [first]}


async def test_below_a_null_nothing_is_called(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(crates, "{ nothing { asked firmAsked below { firmAsked } } }", desk=desk)

    assert answer == {"data": {"nothing": None}}
    assert desk.called() == [("gives", 1)]
