"""The graph as it is published: the committed file, and how every field is reached."""

from __future__ import annotations

from pathlib import Path

from engine.marks import uncompilable_fields
from schema import build_schema

COMMITTED = Path(__file__).parents[2] / "schema" / "schema.graphql"


def test_the_committed_schema_is_what_the_code_declares() -> None:
    declared = build_schema().as_str().rstrip() + "\n"

    assert COMMITTED.read_text() == declared, "The graph changed: run `make schema` and look at the difference."


def test_every_field_is_an_attribute_a_batch_or_a_derivation() -> None:
    assert uncompilable_fields(build_schema()._schema) == []
