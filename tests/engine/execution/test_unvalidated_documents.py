"""Texts that validation refuses, met all the same: what makes sense in them is answered, the rest is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import strawberry

from tests.engine.execution.asking import Engine
from tests.engine.execution.fields import each, gives


@dataclass(frozen=True)
class CatValue:
    name: str = "Tom"
    meows: bool = False


@dataclass(frozen=True)
class DogValue:
    name: str = "Rex"
    barks: bool = True


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Cat(Named):
    meows: bool

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, CatValue)


@strawberry.type
class Dog(Named):
    barks: bool
    bone: str | None = each(lambda dog: f"{dog.name}'s bone", called="bone")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, DogValue)


Pet = Annotated[Cat | Dog, strawberry.union("Pet")]


@strawberry.type
class Query:
    dog: Dog | None = gives(DogValue())
    pets: list[Pet] | None = gives([CatValue(), DogValue()])
    named: list[Named] | None = gives([CatValue(), DogValue()])


@strawberry.type
class Mutation:
    feed: Dog | None = gives(DogValue())


home = strawberry.Schema(Query, Mutation)


@pytest.mark.parametrize(
    "text,data",
    [
        ("{ thisIsNoField }", {}),
        ("{ dog { name thisIsNoField } nor { this } }", {"dog": {"name": "Rex"}}),
        ("mutation { thisIsNoField }", {}),
        ("mutation { feed { name } thisIsNoField }", {"feed": {"name": "Rex"}}),
        ("{ dog }", {"dog": {}}),
        ("{ pets }", {"pets": [{}, {}]}),
        ("{ dog { name { first } } }", {"dog": {"name": "Rex"}}),
        ("{ dog { name @unheardOf } }", {"dog": {"name": "Rex"}}),
        ("{ dog { name(unheardOf: 1) bone(unheardOf: 2) } }", {"dog": {"name": "Rex", "bone": "Rex's bone"}}),
        ("{ dog { ... on Cat { meows } ... on Query { dog } name } }", {"dog": {"name": "Rex"}}),
        (
            "{ pets { __typename name barks meows bone } }",
            {
                "pets": [
                    {"__typename": "Cat", "name": "Tom", "meows": False},
                    {"__typename": "Dog", "name": "Rex", "barks": True, "bone": "Rex's bone"},
                ]
            },
        ),
        (
            "{ named { __typename name barks meows } }",
            {
                "named": [
                    {"__typename": "Cat", "name": "Tom", "meows": False},
                    {"__typename": "Dog", "name": "Rex", "barks": True},
                ]
            },
        ),
    ],
)
async def test_what_makes_sense_is_answered(engine: Engine, text: str, data: dict[str, object]) -> None:
    assert await engine.ask(home, text, validated=False) == {"data": data}
