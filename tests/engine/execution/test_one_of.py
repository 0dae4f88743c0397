"""Inputs of which exactly one field is given."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import strawberry

from canonical.wanted import Wanted
from engine.seam import batch
from tests.engine.execution.asking import Engine
from tests.engine.execution.fields import told
from tests.engine.shop import Desk


@strawberry.input(one_of=True)
class Finder:
    name: str | None = strawberry.UNSET
    number: int | None = strawberry.UNSET


@strawberry.input
class Search:
    by: Finder


async def find(_context: Desk, parents: Sequence[None], _wanted: Wanted, by: Finder) -> Sequence[str]:
    return [told(by)] * len(parents)


async def search(_context: Desk, parents: Sequence[None], _wanted: Wanted, searching: Search) -> Sequence[str]:
    return [told(searching)] * len(parents)


@strawberry.type
class Query:
    find: str | None = batch(find)
    search: str | None = batch(search)


finding = strawberry.Schema(Query)

BY = "query ($by: Finder!) { find(by: $by) }"


def refused(message: str) -> dict[str, object]:
    return {"data": None, "errors": [{"message": message, "locations": [{"line": 1, "column": 8}]}]}


@pytest.mark.parametrize(
    "text,variables,reaches",
    [
        ('{ find(by: {name: "a"}) }', {}, "{name: 'a'}"),
        ("{ find(by: {number: 0}) }", {}, "{number: 0}"),
        (BY, {"by": {"name": "a"}}, "{name: 'a'}"),
        (BY, {"by": {"number": 7}}, "{number: 7}"),
        ('query ($by: Finder! = {name: "a"}) { find(by: $by) }', {}, "{name: 'a'}"),
        ('query ($by: Finder! = {name: "a"}) { find(by: $by) }', {"by": {"number": 7}}, "{number: 7}"),
        ("query ($name: String!) { find(by: {name: $name}) }", {"name": "a"}, "{name: 'a'}"),
    ],
)
async def test_exactly_one_field_is_taken(
    engine: Engine, text: str, variables: dict[str, object], reaches: str
) -> None:
    assert await engine.ask(finding, text, variables) == {"data": {"find": reaches}}


async def test_within_another_input_it_is_the_same(engine: Engine) -> None:
    assert await engine.ask(finding, "{ search(searching: {by: {number: 3}}) }") == {
        "data": {"search": "{by: {number: 3}}"}
    }


@pytest.mark.parametrize(
    "given,message",
    [
        ({"name": "a", "number": 1}, "OneOf Input Object 'Finder' must specify exactly one key."),
        ({"name": "a", "number": None}, "OneOf Input Object 'Finder' must specify exactly one key."),
        ({}, "OneOf Input Object 'Finder' must specify exactly one key."),
        ({"name": None}, "Value for member field 'name' must be non-null"),
    ],
)
async def test_none_or_several_or_null_by_variable_are_refused_before_anything_is_asked(
    engine: Engine, given: object, message: str
) -> None:
    desk = Desk()

    answer = await engine.ask(finding, BY, {"by": given}, desk=desk)

    assert answer == {"data": None, "errors": [{"message": message}]}
    assert desk.calls == []


@pytest.mark.parametrize(
    "given,message",
    [
        (
            {"other": 1},
            (
                "Variable '$by' has invalid value: "
                "Expected value of type 'Finder' not to include unknown field 'other', found: {'other': 1}."
            ),
        ),
        ({"name": 1}, "Variable '$by' has invalid value at .name: String cannot represent a non string value: 1"),
        (None, "Variable '$by' has invalid value: Expected value of non-null type 'Finder!' not to be None."),
    ],
)
async def test_a_misfit_by_variable_is_refused_with_its_place(engine: Engine, given: object, message: str) -> None:
    assert await engine.ask(finding, BY, {"by": given}) == {
        "data": None,
        "errors": [{"message": message, "locations": [{"line": 1, "column": 8}]}],
    }


# Validation refuses these texts.
@pytest.mark.parametrize(
    "text,variables,message",
    [
        (
            '{ find(by: {name: "a", number: 1}) }',
            {},
            "OneOf Input Object 'Finder' must specify exactly one key.",
        ),
        ("{ find(by: {}) }", {}, "OneOf Input Object 'Finder' must specify exactly one key."),
        ("{ find(by: {name: null}) }", {}, "Value for member field 'name' must be non-null"),
        (
            "query N($name: String) { find(by: {name: $name}) }",
            {"name": None},
            "Value for member field 'name' must be non-null",
        ),
        (
            "query N($name: String) { find(by: {name: $name}) }",
            {},
            "OneOf Input Object 'Finder' must specify exactly one key.",
        ),
    ],
)
async def test_none_or_several_or_null_in_the_text_are_the_fields_error(
    engine: Engine, text: str, variables: dict[str, object], message: str
) -> None:
    assert await engine.ask(finding, text, variables, validated=False) == {
        "data": {"find": None},
        "errors": [
            {"message": message, "locations": [{"line": 1, "column": text.index("find") + 1}], "path": ["find"]}
        ],
    }


async def test_several_in_a_default_are_refused(engine: Engine) -> None:
    text = 'query ($by: Finder! = {name: "a", number: 1}) { find(by: $by) }'

    assert await engine.ask(finding, text, validated=False) == {
        "data": None,
        "errors": [{"message": "OneOf Input Object 'Finder' must specify exactly one key."}],
    }
