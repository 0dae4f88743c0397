"""Nothing that a client writes gets into generated code as anything but a text."""

from __future__ import annotations

import keyword

import pytest
from graphql import parse, validate
from hypothesis import given
from hypothesis import strategies as st

from engine.loom import Loom
from tests.engine.shop import Desk, schema

GRAPH = schema._schema
NAMES = [
    *keyword.kwlist,
    *("o", "v", "w", "l", "S", "R", "stop", "LISTS", "ABSENT", "weave", "learn0", "I0", "L0", "K0", "r0", "d5", "s5"),
    *("__import__", "eval", "exec", "print", "globals", "_", "__builtins__", "id", "type", "map", "int"),
]


@pytest.mark.parametrize("name", NAMES)
async def test_any_name_may_be_an_alias(name: str) -> None:
    if name.startswith("__"):
        name = f"a{name}"
    text = f"{{ {name}: orders(first: 1) {{ {name}: edges {{ node {{ {name}: number {name}2: spokenTotal }} }} }} }}"
    document = parse(text)
    assert validate(GRAPH, document) == []
    loom = Loom(GRAPH)

    answer = await loom.execute(document, Desk())

    assert answer.data == {name: {name: [{"node": {name: "N0", f"{name}2": "10.00 EUR"}}]}}
    assert loom.fallbacks == {}


@given(st.text(max_size=200))
async def test_any_text_may_be_an_argument(text: str) -> None:
    loom = Loom(GRAPH)

    answer = await loom.execute(
        parse("query($key: String!) { order(key: $key) { number customer { name } } }"), Desk(), {"key": text}
    )

    assert answer.data
    assert answer.data["order"] is None if text == "none" else answer.data["order"]["number"] == f"N{text}"


async def test_deep_nesting_is_compiled_or_answered_but_never_breaks() -> None:
    loom = Loom(GRAPH)
    text = "customer { orders { " * 60 + "number" + " } }" * 60

    answer = await loom.execute(parse('{ order(key: "2") { ' + text + " } }"), Desk())

    assert answer.errors is None
