"""What clients of newer drafts may send: refused by validation, in words, before either engine sees it."""

from __future__ import annotations

import pytest
from graphql import GraphQLSyntaxError, parse, validate

from tests.engine.shop import schema


@pytest.mark.parametrize(
    "text,message",
    [
        ("{ orders { ... @defer { hasMore } } }", "Unknown directive '@defer'."),
        ("{ nodes @stream(initialCount: 1) { id } }", "Unknown directive '@stream'."),
        (
            "query @experimental_disableErrorPropagation { orders { hasMore } }",
            "Unknown directive '@experimental_disableErrorPropagation'.",
        ),
        ("query @onError(action: NULL) { orders { hasMore } }", "Unknown directive '@onError'."),
        ("{ orders { hasMore } } type Query { other: String }", "The 'Query' definition is not executable."),
    ],
)
def test_it_is_refused_by_its_name(text: str, message: str) -> None:
    assert [error.message for error in validate(schema._schema, parse(text))] == [message]


@pytest.mark.parametrize(
    "text",
    [
        "{ orders { ...Part(more: true) } } fragment Part on OrderConnection { hasMore }",
        "{ orders { ...Part } } fragment Part($more: Boolean!) on OrderConnection { hasMore @include(if: $more) }",
    ],
)
def test_arguments_of_fragments_do_not_parse(text: str) -> None:
    with pytest.raises(GraphQLSyntaxError):
        parse(text)
