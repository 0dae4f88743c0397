"""Variables: given, left out, null, by default; coerced to their types or refused before anything is called."""

from __future__ import annotations

import pytest

from tests.engine.execution.asking import Engine
from tests.engine.execution.inputs import echo

LABEL = "query ($label: Label) { label(value: $label) }"
TEXT = "query ($value: String) { text(value: $value) }"
PRESET = 'query ($value: String = "preset") { text(value: $value) }'
NEEDED = "query ($value: String!) { needed(value: $value) }"


def refused(message: str, column: int = 8) -> dict[str, object]:
    """The answer to variables that do not fit: nothing was executed, and the error stands at the definition."""
    return {"data": None, "errors": [{"message": message, "locations": [{"line": 1, "column": column}]}]}


@pytest.mark.parametrize(
    "given,reaches",
    [
        ({"text": "foo", "tags": ["bar"], "copies": 2}, "{text: 'foo', tags: ['bar'], copies: 2}"),
        ({"text": "foo", "tags": "bar"}, "{text: 'foo', tags: ['bar'], copies: 1}"),
        ({"text": "foo", "tags": ["A", None, "C"]}, "{text: 'foo', tags: ['A', None, 'C'], copies: 1}"),
        ({"text": "foo", "note": None, "tags": None}, "{text: 'foo', note: None, tags: None, copies: 1}"),
        ({"text": "foo", "code": "abc"}, "{text: 'foo', code: 'cba', copies: 1}"),
        (None, "None"),
    ],
)
async def test_an_input_object_is_read_field_by_field(engine: Engine, given: object, reaches: str) -> None:
    assert await engine.ask(echo, LABEL, {"label": given}) == {"data": {"label": reaches}}


async def test_an_input_objects_default_may_be_written_as_a_literal(engine: Engine) -> None:
    text = 'query ($label: Label = {text: "foo", tags: "bar", code: "abc"}) { label(value: $label) }'

    assert await engine.ask(echo, text) == {"data": {"label": "{text: 'foo', tags: ['bar'], code: 'cba', copies: 1}"}}
    assert await engine.ask(echo, text, {"label": {"text": "own"}}) == {"data": {"label": "{text: 'own', copies: 1}"}}


async def test_input_objects_nest_and_enums_within_them_are_read(engine: Engine) -> None:
    given = {"label": {"text": "a"}, "senderName": "Bo", "sizes": ["SMALL", "PECULIAR"]}
    inside = {"label": {"text": "b"}, "senderName": "Cy", "inner": given}

    assert await engine.ask(echo, "query ($p: Parcel!) { parcel(value: $p) }", {"p": inside}) == {
        "data": {
            "parcel": "{label: {text: 'b', copies: 1}, sender_name: 'Cy', "
            "inner: {label: {text: 'a', copies: 1}, sender_name: 'Bo', sizes: [SMALL, ODD]}}"
        }
    }


@pytest.mark.parametrize(
    "text,variables,reaches",
    [
        (TEXT, {}, None),
        (TEXT, {"value": None}, "None"),
        (TEXT, {"value": "a"}, "'a'"),
        (TEXT, {"value": ""}, "''"),
        (PRESET, {}, "'preset'"),
        (PRESET, {"value": "own"}, "'own'"),
        (PRESET, {"value": None}, "None"),
        ("query ($value: String = null) { text(value: $value) }", {}, "None"),
        ('query ($value: String! = "preset") { text(value: $value) }', {}, "'preset'"),
        ('query ($value: String! = "preset") { text(value: $value) }', {"value": "own"}, "'own'"),
    ],
)
async def test_left_out_and_null_and_given_are_three_things(
    engine: Engine, text: str, variables: dict[str, object], reaches: str | None
) -> None:
    assert await engine.ask(echo, text, variables) == {"data": {"text": reaches}}


@pytest.mark.parametrize(
    "text,variables,reaches",
    [
        (NEEDED, {"value": "a"}, "'a'"),
        ('query ($value: String! = "preset") { needed(value: $value) }', {}, "'preset'"),
        ('query ($value: String = "preset") { needed(value: $value) }', {}, "'preset'"),
        ('query ($value: String = "preset") { needed(value: $value) }', {"value": "own"}, "'own'"),
    ],
)
async def test_a_required_argument_takes_what_is_given_or_preset(
    engine: Engine, text: str, variables: dict[str, object], reaches: str
) -> None:
    assert await engine.ask(echo, text, variables) == {"data": {"needed": reaches}}


async def test_variables_that_nobody_defined_are_ignored(engine: Engine) -> None:
    assert await engine.ask(echo, TEXT, {"value": "a", "spare": 1}) == {"data": {"text": "'a'"}}


async def test_one_text_is_answered_for_each_set_of_variables(engine: Engine) -> None:
    answers = [await engine.ask(echo, TEXT, variables) for variables in ({"value": "a"}, {}, {"value": "b"})]

    assert answers == [{"data": {"text": "'a'"}}, {"data": {"text": None}}, {"data": {"text": "'b'"}}]


@pytest.mark.parametrize(
    "kind,field,given,reaches",
    [
        ("[String]", "list", None, "None"),
        ("[String]", "list", ["A"], "['A']"),
        ("[String]", "list", ["A", None, "B"], "['A', None, 'B']"),
        ("[String]", "list", "A", "['A']"),
        ("[String]", "list", [], "[]"),
        ("[String]!", "firmList", ["A"], "['A']"),
        ("[String]!", "firmList", ["A", None, "B"], "['A', None, 'B']"),
        ("[String!]", "fullList", None, "None"),
        ("[String!]", "fullList", ["A"], "['A']"),
        ("[String!]!", "firmFullList", ["A"], "['A']"),
        ("[[Int!]!]!", "grid", [[1, 2], [3]], "[[1, 2], [3]]"),
        ("[[Int!]!]!", "grid", [1, 2], "[[1], [2]]"),
        ("[[Int!]!]!", "grid", 7, "[[7]]"),
    ],
)
async def test_lists_take_what_their_type_allows(
    engine: Engine, kind: str, field: str, given: object, reaches: str
) -> None:
    text = f"query ($input: {kind}) {{ {field}(value: $input) }}"

    assert await engine.ask(echo, text, {"input": given}) == {"data": {field: reaches}}


@pytest.mark.parametrize(
    "kind,field,given,message",
    [
        ("[String]!", "firmList", None, ": Expected value of non-null type '[String]!' not to be None."),
        ("[String!]", "fullList", ["A", None], " at [1]: Expected value of non-null type 'String!' not to be None."),
        ("[String!]!", "firmFullList", None, ": Expected value of non-null type '[String!]!' not to be None."),
        ("[String!]!", "firmFullList", [None], " at [0]: Expected value of non-null type 'String!' not to be None."),
        ("[[Int!]!]!", "grid", [[1], [2, "x"]], " at [1][1]: Int cannot represent non-integer value: 'x'"),
    ],
)
async def test_lists_refuse_null_where_their_type_does(
    engine: Engine, kind: str, field: str, given: object, message: str
) -> None:
    text = f"query ($input: {kind}) {{ {field}(value: $input) }}"

    assert await engine.ask(echo, text, {"input": given}) == refused(f"Variable '$input' has invalid value{message}")


@pytest.mark.parametrize(
    "given,message",
    [
        (
            {"text": None},
            "Variable '$label' has invalid value at .text: Expected value of non-null type 'String!' not to be None.",
        ),
        (
            "foo bar",
            "Variable '$label' has invalid value: Expected value of type 'Label' to be an object, found: 'foo bar'.",
        ),
        (
            {"note": "n"},
            (
                "Variable '$label' has invalid value: Expected value of type 'Label' to include required field 'text', "
                "found: {'note': 'n'}."
            ),
        ),
        (
            {"text": "a", "zzz": 1},
            (
                "Variable '$label' has invalid value: Expected value of type 'Label' not to include unknown field "
                "'zzz', found: {'text': 'a', 'zzz': 1}."
            ),
        ),
        (
            {"text": ["a", "b"]},
            "Variable '$label' has invalid value at .text: String cannot represent a non string value: ['a', 'b']",
        ),
        ({"text": "a", "code": 5}, "Variable '$label' has invalid value at .code: A code is a text."),
    ],
)
async def test_an_input_object_that_does_not_fit_is_refused_with_the_place(
    engine: Engine, given: object, message: str
) -> None:
    assert await engine.ask(echo, LABEL, {"label": given}) == refused(message)


async def test_every_misfit_is_told_of_at_once(engine: Engine) -> None:
    text = "query ($p: Parcel!, $whole: Int) { parcel(value: $p) numbers(whole: $whole) }"

    assert await engine.ask(echo, text, {"p": {"label": {"copies": "x"}}, "whole": 3_000_000_000}) == {
        "data": None,
        "errors": [
            {
                "message": "Variable '$p' has invalid value at .label: Expected value of type 'Label' to include "
                "required field 'text', found: {'copies': 'x'}.",
                "locations": [{"line": 1, "column": 8}],
            },
            {
                "message": "Variable '$p' has invalid value at .label.copies: "
                "Int cannot represent non-integer value: 'x'",
                "locations": [{"line": 1, "column": 8}],
            },
            {
                "message": "Variable '$p' has invalid value: Expected value of type 'Parcel' to include required "
                "field 'senderName', found: {'label': {'copies': 'x'}}.",
                "locations": [{"line": 1, "column": 8}],
            },
            {
                "message": "Variable '$whole' has invalid value: "
                "Int cannot represent non 32-bit signed integer value: 3000000000",
                "locations": [{"line": 1, "column": 21}],
            },
        ],
    }


async def test_what_a_scalar_says_against_a_value_is_passed_on_with_its_extensions(engine: Engine) -> None:
    answer = await engine.ask(echo, LABEL, {"label": {"text": "a", "cursed": 1}})

    assert answer == {
        "data": None,
        "errors": [
            {
                "message": "Variable '$label' has invalid value at .cursed: Nobody may send this.",
                "locations": [{"line": 1, "column": 8}],
                "extensions": {"code": "CURSED"},
            }
        ],
    }


async def test_a_required_variable_must_be_given(engine: Engine) -> None:
    assert await engine.ask(echo, NEEDED) == refused(
        "Variable '$value' has invalid value: Expected a value of non-null type 'String!' to be provided."
    )


async def test_a_required_variable_must_not_be_null(engine: Engine) -> None:
    assert await engine.ask(echo, NEEDED, {"value": None}) == refused(
        "Variable '$value' has invalid value: Expected value of non-null type 'String!' not to be None."
    )


@pytest.mark.parametrize("given", [[1, 2, 3], 1, True, {"a": 1}])
async def test_a_string_is_nothing_else(engine: Engine, given: object) -> None:
    assert await engine.ask(echo, NEEDED, {"value": given}) == refused(
        f"Variable '$value' has invalid value: String cannot represent a non string value: {given!r}"
    )


async def test_a_variable_of_an_output_type_is_refused(engine: Engine) -> None:
    text = "query ($input: Query!) { label(value: $input) }"

    assert await engine.ask(echo, text, {"input": {}}, validated=False) == refused(
        "Variable '$input' expected value of type 'Query!' which cannot be used as an input type.", column=16
    )


async def test_a_variable_of_an_unknown_type_is_refused(engine: Engine) -> None:
    text = "query ($input: Riddle!) { label(value: $input) }"

    assert await engine.ask(echo, text, {"input": "x"}, validated=False) == refused(
        "Variable '$input' expected value of type 'Riddle!' which cannot be used as an input type.", column=16
    )


async def test_after_fifty_misfits_the_rest_is_not_told(engine: Engine) -> None:
    text = "query ($input: [String!]) { fullList(value: $input) }"

    answer = await engine.ask(echo, text, {"input": list(range(60))})

    assert [error["message"] for error in answer["errors"]] == [
        *(
            f"Variable '$input' has invalid value at [{number}]: String cannot represent a non string value: {number}"
            for number in range(50)
        ),
        "Too many errors processing variables, error limit reached. Execution aborted.",
    ]
    assert answer["data"] is None


@pytest.mark.parametrize(
    "argument,kind,given,reaches",
    [
        ("whole", "Int", -2147483648, "whole: -2147483648"),
        ("whole", "Int", 3.0, "whole: 3"),
        ("real", "Float", 3, "real: 3.0"),
        ("real", "Float", 1.5, "real: 1.5"),
        ("yes", "Boolean", False, "yes: False"),
        ("id", "ID", "7", "id: '7'"),
        ("id", "ID", 7, "id: '7'"),
    ],
)
async def test_the_built_in_scalars_read_their_values(
    engine: Engine, argument: str, kind: str, given: object, reaches: str
) -> None:
    text = f"query ($v: {kind}) {{ numbers({argument}: $v) }}"

    assert await engine.ask(echo, text, {"v": given}) == {"data": {"numbers": reaches}}


@pytest.mark.parametrize(
    "argument,kind,given,message",
    [
        ("whole", "Int", 1.5, "Int cannot represent non-integer value: 1.5"),
        ("whole", "Int", "1", "Int cannot represent non-integer value: '1'"),
        ("whole", "Int", True, "Int cannot represent non-integer value: True"),
        ("whole", "Int", 2147483648, "Int cannot represent non 32-bit signed integer value: 2147483648"),
        ("real", "Float", "1.5", "Float cannot represent non numeric value: '1.5'"),
        ("yes", "Boolean", 0, "Boolean cannot represent a non boolean value: 0"),
        ("id", "ID", 1.5, "ID cannot represent value: 1.5"),
        ("id", "ID", True, "ID cannot represent value: True"),
    ],
)
async def test_the_built_in_scalars_refuse_other_values(
    engine: Engine, argument: str, kind: str, given: object, message: str
) -> None:
    text = f"query ($v: {kind}) {{ numbers({argument}: $v) }}"

    assert await engine.ask(echo, text, {"v": given}) == refused(f"Variable '$v' has invalid value: {message}")


@pytest.mark.parametrize(
    "given,reaches",
    [("SMALL", "SMALL"), ("NONE", "NONE"), ("NO", "NO"), ("PECULIAR", "ODD"), (None, "None")],
)
async def test_an_enum_is_read_by_its_name_in_the_graph(engine: Engine, given: object, reaches: str) -> None:
    assert await engine.ask(echo, "query ($s: Size) { size(value: $s) }", {"s": given}) == {"data": {"size": reaches}}


@pytest.mark.parametrize(
    "given,message",
    [
        ("BIG", "Value 'BIG' does not exist in 'Size' enum."),
        ("s", "Value 's' does not exist in 'Size' enum."),
        (1, "Enum 'Size' cannot represent non-string value: 1."),
    ],
)
async def test_an_enum_refuses_what_is_none_of_its_names(engine: Engine, given: object, message: str) -> None:
    answer = await engine.ask(echo, "query ($s: Size) { size(value: $s) }", {"s": given})

    assert answer == refused(f"Variable '$s' has invalid value: {message}")


async def test_a_scalar_may_take_anything(engine: Engine) -> None:
    text = "query ($any: JSON!) { anything(value: $any) }"

    assert await engine.ask(echo, text, {"any": {"a": "foo", "b": [1, None]}}) == {
        "data": {"anything": "{'a': 'foo', 'b': [1, None]}"}
    }
