"""Arguments as literals, defaults, and variables within them; what does not fit is its field's error."""

from __future__ import annotations

import pytest

from tests.engine.execution.asking import Engine
from tests.engine.execution.inputs import echo


def refused(field: str, message: str, column: int) -> dict[str, object]:
    """The answer where one field's argument does not fit: that field is null, and says why."""
    return {
        "data": {field: None},
        "errors": [{"message": message, "locations": [{"line": 1, "column": column}], "path": [field]}],
    }


@pytest.mark.parametrize(
    "literal,reaches",
    [
        ('{text: "foo", tags: ["bar"], copies: 2}', "{text: 'foo', tags: ['bar'], copies: 2}"),
        ('{text: "foo", tags: "bar"}', "{text: 'foo', tags: ['bar'], copies: 1}"),
        ('{text: "C", note: null, tags: null}', "{text: 'C', note: None, tags: None, copies: 1}"),
        ('{text: "C", tags: ["A", null, "C"]}', "{text: 'C', tags: ['A', None, 'C'], copies: 1}"),
        ('{text: "C", code: "abc"}', "{text: 'C', code: 'cba', copies: 1}"),
        ('{text: """C\n  d"""}', "{text: 'C\\nd', copies: 1}"),
        ("null", "None"),
    ],
)
async def test_an_input_object_may_be_written_out(engine: Engine, literal: str, reaches: str) -> None:
    assert await engine.ask(echo, f"{{ label(value: {literal}) }}") == {"data": {"label": reaches}}


async def test_input_objects_nest_and_lists_of_enums_are_read(engine: Engine) -> None:
    text = """{ parcel(value: {
      label: {text: "b"}, senderName: "Cy",
      inner: {label: {text: "a", copies: 0}, senderName: "Bo", sizes: [SMALL, PECULIAR]}, sizes: LARGE
    }) }"""

    assert await engine.ask(echo, text) == {
        "data": {
            "parcel": "{label: {text: 'b', copies: 1}, sender_name: 'Cy', inner: {label: {text: 'a', copies: 0}, "
            "sender_name: 'Bo', sizes: [SMALL, ODD]}, sizes: [LARGE]}"
        }
    }


@pytest.mark.parametrize(
    "call,reaches",
    [
        ("text", None),
        ("text(value: null)", "None"),
        ('text(value: "a")', "'a'"),
        ("fallback", "'Hello'"),
        ("fallback(value: null)", "None"),
        ('fallback(value: "own")', "'own'"),
        ("firm", "'Hello'"),
        ('firm(value: "own")', "'own'"),
        ('needed(value: "a")', "'a'"),
        ('list(value: ["A", null])', "['A', None]"),
        ('list(value: "A")', "['A']"),
        ("grid(value: [[1, 2], 3])", "[[1, 2], [3]]"),
        ("grid(value: 7)", "[[7]]"),
        ("size", "nothing"),
        ("size(value: SMALL)", "SMALL"),
        ("size(value: NONE)", "NONE"),
        ("size(value: NO)", "NO"),
        ("size(value: PECULIAR)", "ODD"),
        ("size(value: null)", "None"),
        ("neededSize(value: NONE)", "NONE"),
        ('anything(value: {a: "foo", b: ["bar", 1], c: null})', "{'a': 'foo', 'b': ['bar', 1], 'c': None}"),
        ("anything(value: 1.5)", "1.5"),
        ('code(value: "abc")', "'cba'"),
        ("numbers(whole: -1, real: 2, yes: false, id: 7)", "whole: -1, real: 2.0, yes: False, id: '7'"),
        ('numbers(real: 1.5e3, id: "x")', "real: 1500.0, id: 'x'"),
    ],
)
async def test_literals_and_defaults_reach_the_resolver(engine: Engine, call: str, reaches: str | None) -> None:
    assert await engine.ask(echo, f"{{ {call} }}") == {"data": {call.partition("(")[0]: reaches}}


@pytest.mark.parametrize(
    "call,variables,reaches",
    [
        ("fallback(value: $v)", {}, "'Hello'"),
        ("fallback(value: $v)", {"v": None}, "None"),
        ("fallback(value: $v)", {"v": "own"}, "'own'"),
        ("firm(value: $v)", {}, "'Hello'"),
        ("firm(value: $v)", {"v": "own"}, "'own'"),
        ('label(value: {text: "a", note: $v})', {}, "{text: 'a', copies: 1}"),
        ('label(value: {text: "a", note: $v})', {"v": None}, "{text: 'a', note: None, copies: 1}"),
        ('label(value: {text: "a", note: $v})', {"v": "n"}, "{text: 'a', note: 'n', copies: 1}"),
        ('label(value: {text: "a", tags: ["x", $v]})', {"v": "y"}, "{text: 'a', tags: ['x', 'y'], copies: 1}"),
        ('label(value: {text: "a", tags: ["x", $v]})', {}, "{text: 'a', tags: ['x', None], copies: 1}"),
        ('list(value: ["A", $v, "C"])', {"v": "B"}, "['A', 'B', 'C']"),
        ('list(value: ["A", $v, "C"])', {}, "['A', None, 'C']"),
        ("list(value: [$v])", {"v": None}, "[None]"),
        ('anything(value: {a: $v, b: ["bar"]})', {"v": "foo"}, "{'a': 'foo', 'b': ['bar']}"),
    ],
)
async def test_a_variable_may_stand_for_an_argument_or_a_part_of_one(
    engine: Engine, call: str, variables: dict[str, object], reaches: str
) -> None:
    answer = await engine.ask(echo, f"query ($v: String) {{ {call} }}", variables)

    assert answer == {"data": {call.partition("(")[0]: reaches}}


async def test_a_default_within_an_input_object_gives_way_to_a_variable(engine: Engine) -> None:
    text = 'query ($n: Int! = 3) { label(value: {text: "a", copies: $n}) }'

    assert await engine.ask(echo, text) == {"data": {"label": "{text: 'a', copies: 3}"}}
    assert await engine.ask(echo, text, {"n": 5}) == {"data": {"label": "{text: 'a', copies: 5}"}}


async def test_null_by_variable_for_a_required_argument_is_its_fields_error(engine: Engine) -> None:
    text = 'query ($v: String = "preset") { needed(value: $v) }'

    assert await engine.ask(echo, text, {"v": None}) == refused(
        "needed",
        "Argument 'value' has invalid value: "
        "Expected variable '$v' provided to non-null type 'String!' not to be None.",
        47,
    )


async def test_null_by_variable_for_a_required_argument_with_a_default_is_its_fields_error(engine: Engine) -> None:
    assert await engine.ask(echo, "query ($v: String) { firm(value: $v) }", {"v": None}) == refused(
        "firm",
        "Argument 'value' has invalid value: "
        "Expected variable '$v' provided to non-null type 'String!' not to be None.",
        34,
    )


async def test_null_by_variable_within_a_list_of_required_items_is_its_fields_error(engine: Engine) -> None:
    text = 'query ($v: String = "preset") { fullList(value: ["a", $v]) text(value: $v) }'

    assert await engine.ask(echo, text) == {"data": {"fullList": "['a', 'preset']", "text": "'preset'"}}
    assert await engine.ask(echo, text, {"v": None}) == {
        "data": {"fullList": None, "text": "None"},
        "errors": [
            {
                "message": "Argument 'value' has invalid value at [1]: "
                "Expected variable '$v' provided to non-null type 'String!' not to be None.",
                "locations": [{"line": 1, "column": 55}],
                "path": ["fullList"],
            }
        ],
    }


async def test_one_fields_bad_argument_leaves_its_neighbours_alone(engine: Engine) -> None:
    text = 'query ($v: String = "a") { a: needed(value: $v) b: text(value: $v) c: firm }'

    assert await engine.ask(echo, text, {"v": None}) == {
        "data": {"a": None, "b": "None", "c": "'Hello'"},
        "errors": [
            {
                "message": "Argument 'value' has invalid value: "
                "Expected variable '$v' provided to non-null type 'String!' not to be None.",
                "locations": [{"line": 1, "column": 45}],
                "path": ["a"],
            }
        ],
    }


# Validation refuses these texts; an engine that meets them all the same, after a change of the schema, says so too.
@pytest.mark.parametrize(
    "call,message,column",
    [
        ("needed", "Argument 'value' of required type 'String!' was not provided.", 3),
        (
            "needed(value: null)",
            "Argument 'value' has invalid value: Expected value of non-null type 'String!' not to be None.",
            17,
        ),
        (
            "needed(value: $foo)",
            (
                "Argument 'value' has invalid value: "
                "Expected variable '$foo' provided to type 'String!' to provide a runtime value."
            ),
            17,
        ),
        (
            "fallback(value: WRONG)",
            "Argument 'value' has invalid value: String cannot represent a non string value: WRONG",
            19,
        ),
        (
            'label(value: ["foo", "bar"])',
            (
                "Argument 'value' has invalid value: "
                'Expected value of type \'Label\' to be an object, found: ["foo", "bar"].'
            ),
            16,
        ),
        (
            "label(value: {note: 1})",
            (
                "Argument 'value' has invalid value: "
                "Expected value of type 'Label' to include required field 'text', found: { note: 1 }."
            ),
            16,
        ),
        (
            "size(value: BIG)",
            "Argument 'value' has invalid value: Value 'BIG' does not exist in 'Size' enum.",
            15,
        ),
        (
            "numbers(whole: 2147483648)",
            "Argument 'whole' has invalid value: Int cannot represent non 32-bit signed integer value: 2147483648",
            18,
        ),
        (
            'grid(value: [["a"]])',
            "Argument 'value' has invalid value at [0][0]: Int cannot represent non-integer value: \"a\"",
            17,
        ),
        ("code(value: 5)", "Argument 'value' has invalid value: A code is a text.", 3),
    ],
)
async def test_a_literal_that_does_not_fit_is_its_fields_error(
    engine: Engine, call: str, message: str, column: int
) -> None:
    answer = await engine.ask(echo, f"{{ {call} }}", validated=False)

    assert answer == refused(call.partition("(")[0], message, column)


async def test_what_a_scalar_says_against_a_literal_is_passed_on_with_its_extensions(engine: Engine) -> None:
    answer = await engine.ask(echo, '{ cursed(value: "x") }', validated=False)

    assert answer == {
        "data": {"cursed": None},
        "errors": [
            {
                "message": "Argument 'value' has invalid value: Nobody may send this.",
                "locations": [{"line": 1, "column": 3}],
                "path": ["cursed"],
                "extensions": {"code": "CURSED"},
            }
        ],
    }


async def test_an_undefined_variable_for_an_optional_argument_is_as_if_left_out(engine: Engine) -> None:
    assert await engine.ask(echo, "{ text(value: $nowhere) }", validated=False) == {"data": {"text": None}}
