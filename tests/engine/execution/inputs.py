"""A graph that says back what it was given: inputs, enums, scalars, lists, defaults."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NewType

import strawberry
from graphql import GraphQLError, ValueNode
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from canonical.wanted import Wanted
from engine.seam import batch
from tests.engine.execution.fields import told
from tests.engine.shop import Desk

Code = NewType("Code", str)
Cursed = NewType("Cursed", str)


def read_code(value: object) -> Code:
    """Codes travel upside down."""
    if not isinstance(value, str):
        raise GraphQLError("A code is a text.")
    return Code(value[::-1])


def refuse(_value: object) -> Cursed:
    """No value is good enough, and the reason has a code of its own."""
    raise GraphQLError("Nobody may send this.", extensions={"code": "CURSED"})


def refuse_literal(node: ValueNode, _variables: object = None) -> Cursed:
    return refuse(node)


def scalar(name: str, read: object, literal: object = None) -> ScalarDefinition:
    return ScalarDefinition(
        name=name,
        description=None,
        specified_by_url=None,
        serialize=None,
        parse_value=read,  # type: ignore[arg-type]
        parse_literal=literal,  # type: ignore[arg-type]
    )


@strawberry.enum
class Size(Enum):
    SMALL = "s"
    LARGE = "l"
    NONE = None
    NO = False
    ODD = strawberry.enum_value(3, name="PECULIAR")


@strawberry.input
class Label:
    text: str
    note: str | None = strawberry.UNSET
    tags: list[str | None] | None = strawberry.UNSET
    code: Code | None = strawberry.UNSET
    cursed: Cursed | None = strawberry.UNSET
    copies: int = 1


@strawberry.input
class Parcel:
    label: Label
    sender_name: str
    inner: Parcel | None = strawberry.UNSET
    sizes: list[Size] | None = strawberry.UNSET


UNSET = strawberry.UNSET


async def text(
    _context: Desk, parents: Sequence[None], _wanted: Wanted, value: str | None = UNSET
) -> Sequence[str | None]:
    return [None if value is UNSET else told(value)] * len(parents)


async def needed(_context: Desk, parents: Sequence[None], _wanted: Wanted, value: str) -> Sequence[str]:
    return [told(value)] * len(parents)


async def fallback(
    _context: Desk, parents: Sequence[None], _wanted: Wanted, value: str | None = "Hello"
) -> Sequence[str]:
    return [told(value)] * len(parents)


async def firm(_context: Desk, parents: Sequence[None], _wanted: Wanted, value: str = "Hello") -> Sequence[str]:
    return [told(value)] * len(parents)


async def label(
    _context: Desk, parents: Sequence[None], _wanted: Wanted, value: Label | None = UNSET
) -> Sequence[str | None]:
    return [None if value is UNSET else told(value)] * len(parents)


async def parcel(_context: Desk, parents: Sequence[None], _wanted: Wanted, value: Parcel) -> Sequence[str]:
    return [told(value)] * len(parents)


async def size(_context: Desk, parents: Sequence[None], _wanted: Wanted, value: Size | None = UNSET) -> Sequence[str]:
    return ["nothing" if value is UNSET else told(value)] * len(parents)


async def needed_size(_context: Desk, parents: Sequence[None], _wanted: Wanted, value: Size) -> Sequence[str]:
    return [told(value)] * len(parents)


async def anything(_context: Desk, parents: Sequence[None], _wanted: Wanted, value: JSON) -> Sequence[str]:
    return [told(value)] * len(parents)


async def any_list(
    _context: Desk, parents: Sequence[None], _wanted: Wanted, value: list[str | None] | None = UNSET
) -> Sequence[str | None]:
    return [None if value is UNSET else told(value)] * len(parents)


async def firm_list(_context: Desk, parents: Sequence[None], _wanted: Wanted, value: list[str | None]) -> Sequence[str]:
    return [told(value)] * len(parents)


async def full_list(
    _context: Desk, parents: Sequence[None], _wanted: Wanted, value: list[str] | None = UNSET
) -> Sequence[str | None]:
    return [None if value is UNSET else told(value)] * len(parents)


async def firm_full_list(_context: Desk, parents: Sequence[None], _wanted: Wanted, value: list[str]) -> Sequence[str]:
    return [told(value)] * len(parents)


async def grid(_context: Desk, parents: Sequence[None], _wanted: Wanted, value: list[list[int]]) -> Sequence[str]:
    return [told(value)] * len(parents)


async def numbers(
    _context: Desk,
    parents: Sequence[None],
    _wanted: Wanted,
    whole: int | None = UNSET,
    real: float | None = UNSET,
    yes: bool | None = UNSET,
    id: strawberry.ID | None = UNSET,
) -> Sequence[str]:
    given = {"whole": whole, "real": real, "yes": yes, "id": id}
    return [", ".join(f"{name}: {told(value)}" for name, value in given.items() if value is not UNSET)] * len(parents)


async def code(_context: Desk, parents: Sequence[None], _wanted: Wanted, value: Code) -> Sequence[str]:
    return [told(value)] * len(parents)


async def cursed(_context: Desk, parents: Sequence[None], _wanted: Wanted, value: Cursed) -> Sequence[str]:
    return [told(value)] * len(parents)


@strawberry.type
class Query:
    text: str | None = batch(text)
    needed: str | None = batch(needed)
    fallback: str | None = batch(fallback)
    firm: str | None = batch(firm)
    label: str | None = batch(label)
    parcel: str | None = batch(parcel)
    size: str | None = batch(size)
    needed_size: str | None = batch(needed_size)
    anything: str | None = batch(anything)
    list: str | None = batch(any_list)
    firm_list: str | None = batch(firm_list)
    full_list: str | None = batch(full_list)
    firm_full_list: str | None = batch(firm_full_list)
    grid: str | None = batch(grid)
    numbers: str | None = batch(numbers)
    code: str | None = batch(code)
    cursed: str | None = batch(cursed)


echo = strawberry.Schema(
    Query,
    config=StrawberryConfig(
        scalar_map={Code: scalar("Code", read_code), Cursed: scalar("Cursed", refuse, refuse_literal)}
    ),
)
