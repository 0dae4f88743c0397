"""Interfaces and unions: which type a value has, and what is answered of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated

import strawberry

from tests.engine.execution.asking import Engine
from tests.engine.execution.fields import each, gives, reached
from tests.engine.shop import Desk


@dataclass(frozen=True)
class DogValue:
    name: str
    barks: bool | None = True
    mother: object = None
    friends: list[object] = field(default_factory=list)


@dataclass(frozen=True)
class CatValue(DogValue):
    meows: bool = False


@dataclass(frozen=True)
class PersonValue:
    name: str
    mother: object = None
    pets: object = ()
    friends: object = ()


class Mimic(Exception):
    """It will not say what it is."""


@dataclass(frozen=True)
class MimicValue:
    name: str = "mimic"


@strawberry.interface
class Life:
    mother: Life | None


@strawberry.interface
class Named:
    name: str | None


@strawberry.interface
class Mammal(Life):
    mother: Mammal | None


@strawberry.type
class Dog(Mammal, Named):
    mother: Dog | None
    name: str | None
    barks: bool | None
    tag: str = each(lambda dog: f"tag of {dog.name}", called="tag")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        if isinstance(value, MimicValue):
            raise Mimic("guess what I am")
        return type(value) is DogValue


@strawberry.type
class Cat(Mammal, Named):
    mother: Cat | None
    name: str | None
    meows: bool | None
    bell: str = each(lambda cat: f"bell of {cat.name}", called="bell")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, CatValue)


@strawberry.type
class Person(Mammal, Named):
    mother: Person | None
    name: str | None
    pets: list[Pet] | None
    friends: list[Named | None] | None
    called_friends: list[Named | None] | None = each(lambda person: person.friends, called="friends")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, PersonValue)


Pet = Annotated[Dog | Cat, strawberry.union("Pet")]

MOM = DogValue("Mom", barks=True)
ODIE = DogValue("Odie", barks=True, mother=MOM)
GARFIELD = CatValue("Garfield")
LIZ = PersonValue("Liz")
JOHN = PersonValue("John", pets=[GARFIELD, ODIE], friends=[LIZ, ODIE])


@strawberry.type
class Query:
    john: Person | None = gives(JOHN)
    pets: list[Pet | None] | None = gives([ODIE, GARFIELD, None])
    pet: Pet | None = gives(ODIE)
    named: list[Named | None] | None = gives([ODIE, GARFIELD, LIZ])
    mammal: Mammal | None = gives(ODIE)
    life: Life | None = gives(GARFIELD)
    mimics: list[Named | None] | None = gives([MimicValue(), ODIE, MimicValue()])
    stranger: Named | None = gives("a stranger")
    strange_pet: Pet | None = gives(LIZ)
    strangers: list[Named] | None = gives([ODIE, 7])
    dog: Dog | None = gives(GARFIELD)
    dogs: list[Dog | None] | None = gives([ODIE, GARFIELD])
    firm_dogs: list[Dog] | None = gives([ODIE, GARFIELD])


zoo = strawberry.Schema(Query)


def wrong(message: str, column: int, *path: str | int) -> dict[str, object]:
    return {"message": message, "locations": [{"line": 1, "column": column}], "path": list(path)}


async def test_each_value_of_an_interface_is_answered_as_its_own_type(engine: Engine) -> None:
    assert await engine.ask(zoo, "{ named { name ... on Dog { barks } ... on Cat { meows } } }") == {
        "data": {
            "named": [{"name": "Odie", "barks": True}, {"name": "Garfield", "meows": False}, {"name": "Liz"}],
        }
    }


async def test_each_value_of_a_union_is_answered_as_its_own_type(engine: Engine) -> None:
    assert await engine.ask(zoo, "{ pets { __typename ... on Dog { name barks } ... on Cat { meows name } } }") == {
        "data": {
            "pets": [
                {"__typename": "Dog", "name": "Odie", "barks": True},
                {"__typename": "Cat", "meows": False, "name": "Garfield"},
                None,
            ]
        }
    }


async def test_attributes_of_abstract_types_are_answered_alike(engine: Engine) -> None:
    text = """{ john { __typename name
      pets { __typename ... on Dog { name barks } ... on Cat { name meows } }
      friends { __typename name ...DogBarks ...CatMeows }
      calledFriends { ...DogBarks name }
    } } fragment DogBarks on Dog { barks } fragment CatMeows on Cat { meows }"""

    assert await engine.ask(zoo, text) == {
        "data": {
            "john": {
                "__typename": "Person",
                "name": "John",
                "pets": [
                    {"__typename": "Cat", "name": "Garfield", "meows": False},
                    {"__typename": "Dog", "name": "Odie", "barks": True},
                ],
                "friends": [
                    {"__typename": "Person", "name": "Liz"},
                    {"__typename": "Dog", "name": "Odie", "barks": True},
                ],
                "calledFriends": [{"name": "Liz"}, {"barks": True, "name": "Odie"}],
            }
        }
    }


async def test_a_fragment_may_be_bound_to_an_interface_of_the_type(engine: Engine) -> None:
    text = """{ named { name ... on Mammal { mother { __typename ... on Dog { name barks } } } } }"""

    assert await engine.ask(zoo, text) == {
        "data": {
            "named": [
                {"name": "Odie", "mother": {"__typename": "Dog", "name": "Mom", "barks": True}},
                {"name": "Garfield", "mother": None},
                {"name": "Liz", "mother": None},
            ]
        }
    }


async def test_fragments_bound_to_abstract_types_nest(engine: Engine) -> None:
    text = """{ pets { ...Any ... on Mammal { ... on Named { ... on Dog { called: name } } } } life { ...Any } }
      fragment Any on Life { __typename ... on Pet { ... on Cat { meows } ... on Named { name } } }"""

    assert await engine.ask(zoo, text) == {
        "data": {
            "pets": [
                {"__typename": "Dog", "name": "Odie", "called": "Odie"},
                {"__typename": "Cat", "meows": False, "name": "Garfield"},
                None,
            ],
            "life": {"__typename": "Cat", "meows": False, "name": "Garfield"},
        }
    }


async def test_an_interface_that_implements_another_is_answered_through_both(engine: Engine) -> None:
    text = "{ mammal { ... on Life { mother { __typename } } ... on Named { name } } life { __typename } }"

    assert await engine.ask(zoo, text) == {
        "data": {"mammal": {"mother": {"__typename": "Dog"}, "name": "Odie"}, "life": {"__typename": "Cat"}}
    }


async def test_the_narrower_type_of_an_object_holds_below_a_field_of_its_interface(engine: Engine) -> None:
    assert await engine.ask(zoo, "{ mammal { mother { ... on Dog { barks mother { name } } } } }") == {
        "data": {"mammal": {"mother": {"barks": True, "mother": None}}}
    }


async def test_one_key_may_come_from_different_fields_of_different_types(engine: Engine) -> None:
    text = "{ named { ... on Dog { is: barks } ... on Cat { is: meows } ... on Person { name } } }"

    assert await engine.ask(zoo, text) == {"data": {"named": [{"is": True}, {"is": False}, {"name": "Liz"}]}}


async def test_calls_below_abstract_types_have_the_parents_of_their_type(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(zoo, "{ named { name ... on Dog { tag } ... on Cat { bell } } }", desk=desk)

    assert answer == {
        "data": {
            "named": [
                {"name": "Odie", "tag": "tag of Odie"},
                {"name": "Garfield", "bell": "bell of Garfield"},
                {"name": "Liz"},
            ]
        }
    }
    assert reached(desk) == {"gives": 1, "tag": 1, "bell": 1}


async def test_keys_stand_in_the_order_of_the_text_for_each_type(engine: Engine) -> None:
    text = "{ named { ... on Cat { meows } name ... on Dog { barks } __typename ... on Cat { again: meows } } }"

    answer = await engine.ask(zoo, text)

    assert json.dumps(answer["data"]["named"][:2]) == (
        '[{"name": "Odie", "barks": true, "__typename": "Dog"}, '
        '{"meows": false, "name": "Garfield", "__typename": "Cat", "again": false}]'
    )


async def test_where_no_fragment_fits_the_object_is_empty(engine: Engine) -> None:
    assert await engine.ask(zoo, "{ named { ... on Cat { meows } } pet { ... on Cat { name } } }") == {
        "data": {"named": [{}, {"meows": False}, {}], "pet": {}}
    }


async def test_a_type_that_raises_when_asked_about_a_value_is_that_values_error(engine: Engine) -> None:
    assert await engine.ask(zoo, "{ mimics { name ... on Dog { barks } } }") == {
        "data": {"mimics": [None, {"name": "Odie", "barks": True}, None]},
        "errors": [wrong("guess what I am", 3, "mimics", 0), wrong("guess what I am", 3, "mimics", 2)],
    }


NO_TYPE = (
    "Abstract type 'Named' must resolve to an Object type at runtime for field 'Query.{}'. Either the 'Named' type "
    "should provide a 'resolve_type' function or each possible type should provide an 'is_type_of' function."
)


async def test_a_value_of_no_type_of_an_interface_is_an_error(engine: Engine) -> None:
    assert await engine.ask(zoo, "{ stranger { name } pet { __typename } }") == {
        "data": {"stranger": None, "pet": {"__typename": "Dog"}},
        "errors": [wrong(NO_TYPE.format("stranger"), 3, "stranger")],
    }
    assert await engine.ask(zoo, "{ strangers { name } }") == {
        "data": {"strangers": None},
        "errors": [wrong(NO_TYPE.format("strangers"), 3, "strangers", 1)],
    }


async def test_a_value_of_no_type_of_a_union_is_an_error(engine: Engine) -> None:
    message = (
        "The type \"<class 'tests.engine.execution.test_abstract_types.PersonValue'>\" cannot be resolved for the "
        'field "strangePet" , are you using a strawberry.field?'
    )

    assert await engine.ask(zoo, "{ strangePet { __typename } john { name } }") == {
        "data": {"strangePet": None, "john": {"name": "John"}},
        "errors": [wrong(message, 3, "strangePet")],
    }


async def test_a_value_that_is_not_of_its_object_type_is_an_error(engine: Engine) -> None:
    message = "Expected value of type 'Dog' but got: <CatValue instance>."

    assert await engine.ask(zoo, "{ dog { name } dogs { name } firmDogs { __typename } }") == {
        "data": {"dog": None, "dogs": [{"name": "Odie"}, None], "firmDogs": None},
        "errors": [wrong(message, 3, "dog"), wrong(message, 16, "dogs", 1), wrong(message, 30, "firmDogs", 1)],
    }
