from __future__ import annotations

from time import perf_counter

import httpx
import pytest
from graphql import parse

from engine.measuring import Limits, excess
from tests.gateway.pretend import ask, gateway

LIMITS = Limits(depth=5, fields=20, root_fields=3, directives=2, width=10, definitions=4)


@pytest.mark.parametrize(
    "query,words",
    [
        ("{ a { a { a { a { a } } } } }", None),
        ("{ a { a { a { a { a { a } } } } } }", "nests 6 levels deep; 5 are allowed"),
        ("{ a { ...F } } fragment F on Q { a { a { a { a { a } } } } }", "nests 6 levels deep"),
        ("{ a: x b: x c: x d: x }", "asks for 4 fields at its top; 3 are allowed"),
        ("{ ...F ...F } fragment F on Q { a b }", "asks for 4 fields at its top"),
        ("{ a { b c d e f g h i j k l } }", "asks for 11 fields at one level; 10 are allowed"),
        ("{ a { b c ... on Q { d e f g h i j k l } } }", "asks for 11 fields at one level"),
        ("{ a { ...F } b { ...F } c { ...F } } fragment F on Q { a b c d e f }", "asks for 21 fields; 20 are allowed"),
        ("{ a @x b @x c @x }", "has 3 directives; 2 are allowed"),
        ("query A { a } query B { a } query C { a } query D { a } query E { a }", "has 5 operations and fragments"),
        ("{ ...F } fragment F on Q { ...F a }", None),
        ("{ ...Unknown }", None),
    ],
)
def test_what_is_too_much_is_said_in_words(query: str, words: str | None) -> None:
    said = excess(parse(query), LIMITS)

    assert said is None if words is None else words in (said or "")


def test_fragments_that_double_at_every_level_are_measured_in_no_time() -> None:
    levels = 40
    bomb = "{ ...F0 } " + " ".join(f"fragment F{n} on Q {{ a {{ ...F{n + 1} ...F{n + 1} }} }}" for n in range(levels))
    document = parse(bomb + f" fragment F{levels} on Q {{ a }}")

    began = perf_counter()
    said = excess(document, Limits(depth=100))

    assert said is not None
    assert "millions of fields" in said
    assert perf_counter() - began < 0.5


async def test_a_chain_of_fragments_longer_than_the_stack_is_refused(client: httpx.AsyncClient) -> None:
    chain = "{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(430))

    said = await ask(client, chain + " fragment F430 on Query { hello }")

    assert said["errors"][0]["extensions"]["code"] == "QUERY_TOO_LARGE"


async def test_nesting_deeper_than_the_parser_can_go_is_refused(client: httpx.AsyncClient) -> None:
    said = await ask(client, "{ again " * 1_200 + "{ hello }" + "}" * 1_200)

    assert said["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


async def test_more_words_than_allowed_are_refused_while_parsing(client: httpx.AsyncClient) -> None:
    said = await ask(client, "{ " + "hello " * 4_001 + "}")

    assert said["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert "4000 tokens" in said["errors"][0]["message"]


async def test_the_full_introspection_query_is_within_the_limits(client: httpx.AsyncClient) -> None:
    from graphql import get_introspection_query  # noqa: PLC0415

    said = await ask(client, get_introspection_query())

    assert "errors" not in said


async def test_without_introspection_the_schema_is_not_told_and_not_hinted_at() -> None:
    async with gateway(introspection=False) as client:
        asked = await ask(client, "{ __schema { types { name } } }")
        misspelt = await ask(client, "{ helo }")

    assert asked["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "data" not in asked
    assert misspelt["errors"][0]["message"] == "Cannot query field 'helo' on type 'Query'."
