"""The operation cache: a text is parsed, measured, validated and compiled once, whatever came of it."""

from __future__ import annotations

import pytest
import strawberry
from graphql import DocumentNode, GraphQLSchema

from engine.documents import LARGEST_KEPT, Documents, WrongDocumentError
from engine.measuring import Limits
from tests.engine.shop import schema

GRAPH = schema._schema


class CountingDocuments(Documents):
    """A cache that counts how often it had to look at a text."""

    looks = 0

    def _parsed(self, text: str) -> DocumentNode:
        self.looks += 1
        return super()._parsed(text)


def documents(graph: GraphQLSchema = GRAPH, keep: int = 10) -> CountingDocuments:
    return CountingDocuments(graph, Limits(fields=50), keep=keep)


def test_a_text_is_looked_at_once() -> None:
    cache = documents()

    first, again = cache.operation("{ orders { hasMore } }"), cache.operation("{ orders { hasMore } }")

    assert first is again
    assert cache.looks == 1


@pytest.mark.parametrize(
    "text,code",
    [
        ("{ orders {", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + " ".join(f"a{place}: orders {{ hasMore }}" for place in range(30)) + " }", "QUERY_TOO_LARGE"),
    ],
)
def test_what_is_wrong_with_a_text_is_kept_as_well(text: str, code: str) -> None:
    cache = documents()

    found = []
    for _ in range(3):
        with pytest.raises(WrongDocumentError) as wrong:
            cache.operation(text)
        found.append((wrong.value.code, [error.message for error in wrong.value.errors]))

    assert found[0][0] == code
    assert found[0][1]
    assert found == [found[0]] * 3
    assert cache.looks == 1


def test_one_document_holds_several_operations_by_name() -> None:
    cache = documents()
    text = "query A { orders { hasMore } } query B { nodes { id } }"

    assert [cache.operation(text, name).name for name in "AB"] == ["A", "B"]
    with pytest.raises(WrongDocumentError, match="GRAPHQL_VALIDATION_FAILED"):
        cache.operation(text)
    with pytest.raises(WrongDocumentError) as wrong:
        cache.operation(text, "C")
    assert wrong.value.errors[0].message == "There is no operation named 'C' in the query."
    assert cache.looks == 1


def test_no_more_texts_are_kept_than_allowed_and_none_that_is_very_long() -> None:
    cache = documents(keep=3)

    for place in range(10):
        cache.operation(f"{{ a{place}: orders {{ hasMore }} }}")
    cache.operation("{ orders { hasMore } }" + " " * LARGEST_KEPT)

    assert len(cache) == 3


def test_another_schema_forgets_what_was_found_against_the_one_before() -> None:
    @strawberry.type
    class Query:
        other: str = "word"

    cache = documents()
    cache.operation("{ orders { hasMore } }")

    cache.use(strawberry.Schema(Query)._schema)

    with pytest.raises(WrongDocumentError):
        cache.operation("{ orders { hasMore } }")
    assert cache.operation("{ other }").name is None
