"""Lists: what counts as one, and what null and errors in them do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import strawberry

from canonical.wanted import Wanted
from engine.seam import batch
from tests.engine.execution.asking import Answer, Engine
from tests.engine.shop import Desk


class Bad(Exception):
    """Something is wrong here."""


@dataclass
class Holding(Desk):
    """A desk that holds the value to be answered."""

    value: Callable[[], object] = list


async def held(context: Holding, parents: Sequence[object], _wanted: Wanted) -> Sequence[Any]:
    return [context.value() for _ in parents]


@dataclass(frozen=True)
class HolderValue:
    context: Holding

    def __getattr__(self, _name: str) -> object:
        return self.context.value()


async def holder(context: Holding, parents: Sequence[object], _wanted: Wanted) -> Sequence[HolderValue]:
    return [HolderValue(context) for _ in parents]


@strawberry.type
class Holder:
    any: list[int | None] | None
    firm: list[int | None]
    full: list[int] | None
    firm_full: list[int]
    words: list[str] | None
    nested: list[list[int | None] | None] | None
    nested_full: list[list[int]] | None


@strawberry.type
class Query:
    any: list[int | None] | None = batch(held)
    firm: list[int | None] = batch(held)
    full: list[int] | None = batch(held)
    firm_full: list[int] = batch(held)
    words: list[str] | None = batch(held)
    nested: list[list[int | None] | None] | None = batch(held)
    nested_full: list[list[int]] | None = batch(held)
    holder: Holder | None = batch(holder)


lists = strawberry.Schema(Query)

NOTHING: dict[str, object | None] = {"any": None, "firm": None, "full": None, "firmFull": None}


async def by_batch(engine: Engine, field: str, value: Callable[[], object]) -> Answer:
    return await engine.ask(lists, f"{{ {field} }}", desk=Holding(value=value))


async def by_attribute(engine: Engine, field: str, value: Callable[[], object]) -> Answer:
    return await engine.ask(lists, f"{{ holder {{ {field} }} }}", desk=Holding(value=value))


def wrong(message: str, *path: str | int, column: int = 3) -> dict[str, object]:
    return {"message": message, "locations": [{"line": 1, "column": column}], "path": list(path)}


def null_error(owner: str, *path: str | int, column: int = 3) -> dict[str, object]:
    return wrong(f"Cannot return null for non-nullable field {owner}.", *path, column=column)


@pytest.mark.parametrize("field", NOTHING)
@pytest.mark.parametrize("value", [[1, 2], (1, 2)])
async def test_a_list_of_values_is_answered_whatever_may_be_null(engine: Engine, field: str, value: object) -> None:
    assert await by_batch(engine, field, lambda: value) == {"data": {field: [1, 2]}}
    assert await by_attribute(engine, field, lambda: value) == {"data": {"holder": {field: [1, 2]}}}


@pytest.mark.parametrize("field", NOTHING)
async def test_an_empty_list_is_a_list(engine: Engine, field: str) -> None:
    assert await by_batch(engine, field, list) == {"data": {field: []}}
    assert await by_attribute(engine, field, tuple) == {"data": {"holder": {field: []}}}


@pytest.mark.parametrize("field", ["any", "firm"])
async def test_null_stands_in_a_list_whose_items_may_be_null(engine: Engine, field: str) -> None:
    assert await by_batch(engine, field, lambda: [1, None, 2]) == {"data": {field: [1, None, 2]}}
    assert await by_attribute(engine, field, lambda: [1, None, 2]) == {"data": {"holder": {field: [1, None, 2]}}}


async def test_null_among_items_that_may_not_be_null_takes_the_list(engine: Engine) -> None:
    assert await by_batch(engine, "full", lambda: [1, None, 2]) == {
        "data": {"full": None},
        "errors": [null_error("Query.full", "full", 1)],
    }
    assert await by_attribute(engine, "full", lambda: [1, None, 2]) == {
        "data": {"holder": {"full": None}},
        "errors": [null_error("Holder.full", "holder", "full", 1, column=12)],
    }


async def test_null_among_items_of_a_list_that_may_not_be_null_takes_its_parent(engine: Engine) -> None:
    assert await by_batch(engine, "firmFull", lambda: [1, None, 2]) == {
        "data": None,
        "errors": [null_error("Query.firmFull", "firmFull", 1)],
    }
    assert await by_attribute(engine, "firmFull", lambda: [1, None, 2]) == {
        "data": {"holder": None},
        "errors": [null_error("Holder.firmFull", "holder", "firmFull", 1, column=12)],
    }


@pytest.mark.parametrize("field", ["any", "full"])
async def test_null_for_a_list_that_may_be_null_is_null(engine: Engine, field: str) -> None:
    assert await by_batch(engine, field, lambda: None) == {"data": {field: None}}
    assert await by_attribute(engine, field, lambda: None) == {"data": {"holder": {field: None}}}


@pytest.mark.parametrize("field", ["firm", "firmFull"])
async def test_null_for_a_list_that_may_not_be_null_takes_its_parent(engine: Engine, field: str) -> None:
    assert await by_batch(engine, field, lambda: None) == {
        "data": None,
        "errors": [null_error(f"Query.{field}", field)],
    }
    assert await by_attribute(engine, field, lambda: None) == {
        "data": {"holder": None},
        "errors": [null_error(f"Holder.{field}", "holder", field, column=12)],
    }


@pytest.mark.parametrize(
    "field,data",
    [
        ("any", {"any": [1, None, 2]}),
        ("firm", {"firm": [1, None, 2]}),
        ("full", {"full": None}),
        ("firmFull", None),
    ],
)
async def test_an_exception_among_the_items_is_that_items_error(
    engine: Engine, field: str, data: dict[str, object] | None
) -> None:
    assert await by_batch(engine, field, lambda: [1, Bad("bad"), 2]) == {
        "data": data,
        "errors": [wrong("bad", field, 1)],
    }
    assert await by_attribute(engine, field, lambda: [1, Bad("bad"), 2]) == {
        "data": {"holder": data},
        "errors": [wrong("bad", "holder", field, 1, column=12)],
    }


@pytest.mark.parametrize("field", ["any", "full"])
async def test_an_exception_for_a_list_that_may_be_null_is_the_fields_error(engine: Engine, field: str) -> None:
    assert await by_batch(engine, field, lambda: Bad("bad")) == {
        "data": {field: None},
        "errors": [wrong("bad", field)],
    }
    assert await by_attribute(engine, field, lambda: Bad("bad")) == {
        "data": {"holder": {field: None}},
        "errors": [wrong("bad", "holder", field, column=12)],
    }


@pytest.mark.parametrize("field", ["firm", "firmFull"])
async def test_an_exception_for_a_list_that_may_not_be_null_takes_its_parent(engine: Engine, field: str) -> None:
    assert await by_batch(engine, field, lambda: Bad("bad")) == {"data": None, "errors": [wrong("bad", field)]}
    assert await by_attribute(engine, field, lambda: Bad("bad")) == {
        "data": {"holder": None},
        "errors": [wrong("bad", "holder", field, column=12)],
    }


async def test_each_bad_item_of_a_list_has_an_error_of_its_own(engine: Engine) -> None:
    assert await by_batch(engine, "any", lambda: [1, "x", None, Bad("bad"), 2.5]) == {
        "data": {"any": [1, None, None, None, None]},
        "errors": [
            wrong("Int cannot represent non-integer value: 'x'", "any", 1),
            wrong("bad", "any", 3),
            wrong("Int cannot represent non-integer value: 2.5", "any", 4),
        ],
    }


async def test_the_first_bad_item_speaks_for_a_list_that_may_hold_none(engine: Engine) -> None:
    assert await by_batch(engine, "full", lambda: [1, Bad("first"), None, Bad("last")]) == {
        "data": {"full": None},
        "errors": [wrong("first", "full", 1)],
    }


def counting() -> Iterator[int]:
    yield 1
    yield 2


def breaking() -> Iterator[int]:
    yield 1
    raise Bad("out of paper")


@pytest.mark.parametrize(
    "value", [{1: "a", 2: "b"}.keys, lambda: {1, 2}, lambda: frozenset({1, 2}), counting, lambda: range(1, 3)]
)
async def test_anything_that_can_be_gone_through_is_a_list(engine: Engine, value: Callable[[], object]) -> None:
    assert await by_batch(engine, "any", value) == {"data": {"any": [1, 2]}}
    assert await by_attribute(engine, "full", value) == {"data": {"holder": {"full": [1, 2]}}}


async def test_items_are_coerced_one_by_one(engine: Engine) -> None:
    assert await by_batch(engine, "words", lambda: ["one", 2, True, 1.5]) == {
        "data": {"words": ["one", "2", "true", "1.5"]}
    }


async def test_a_list_that_breaks_off_is_the_fields_error(engine: Engine) -> None:
    assert await by_batch(engine, "any", breaking) == {"data": {"any": None}, "errors": [wrong("out of paper", "any")]}


@pytest.mark.parametrize("value", ["Singular", {"a": 1}, 7, b"bytes"])
async def test_what_is_no_list_is_an_error(engine: Engine, value: object) -> None:
    message = "Expected Iterable, but did not find one for field '{}.any'."

    assert await by_batch(engine, "any", lambda: value) == {
        "data": {"any": None},
        "errors": [wrong(message.format("Query"), "any")],
    }
    assert await by_attribute(engine, "any", lambda: value) == {
        "data": {"holder": {"any": None}},
        "errors": [wrong(message.format("Holder"), "holder", "any", column=12)],
    }


async def test_lists_of_lists_are_answered(engine: Engine) -> None:
    assert await by_batch(engine, "nested", lambda: [[1, None], None, (), [2]]) == {
        "data": {"nested": [[1, None], None, [], [2]]}
    }
    assert await by_attribute(engine, "nestedFull", lambda: [[1], [2, 3]]) == {
        "data": {"holder": {"nestedFull": [[1], [2, 3]]}}
    }


async def test_in_lists_of_lists_null_takes_what_may_be_null_and_no_more(engine: Engine) -> None:
    assert await by_batch(engine, "nested", lambda: [[1, Bad("bad")], 5, [2]]) == {
        "data": {"nested": [[1, None], None, [2]]},
        "errors": [
            wrong("bad", "nested", 0, 1),
            wrong("Expected Iterable, but did not find one for field 'Query.nested'.", "nested", 1),
        ],
    }
    assert await by_batch(engine, "nestedFull", lambda: [[1], [2, None]]) == {
        "data": {"nestedFull": None},
        "errors": [null_error("Query.nestedFull", "nestedFull", 1, 1)],
    }
