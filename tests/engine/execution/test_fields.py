"""How a field gets its value: an attribute, a derivation, a batch; with which arguments, and in which order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import strawberry
from strawberry.schema.config import StrawberryConfig

from canonical.wanted import Wanted
from engine.dialect import Dialect
from engine.seam import batch, derived
from tests.engine.execution.asking import Engine
from tests.engine.execution.fields import each, gives, told
from tests.engine.shop import Desk


@dataclass(frozen=True)
class BookValue:
    title: str
    page_count: int | None = None
    chapters: tuple[str | None, ...] = ()
    sequels: list[BookValue | None] = field(default_factory=list)

    @property
    def blurb(self) -> str:
        raise ValueError("the blurb is smudged")

    def shelf(self) -> str:
        return "never called"


class Smudged(Exception):
    """A derivation's own complaint."""


def initial(book: BookValue) -> str:
    return book.title[0]


def smudged(book: BookValue) -> str:
    raise Smudged(f"{book.title} cannot be read")


def returned(book: BookValue) -> object:
    return Smudged(f"{book.title} is a complaint")


@strawberry.type
class Book:
    title: str
    page_count: int | None
    chapters: list[str | None]
    sequels: list[Book | None]
    blurb: str | None
    shelf: str | None
    isbn: str | None
    initial: str = derived(initial, needs=["title"])
    smudged: str | None = derived(smudged, needs=["title"])
    returned: str | None = derived(returned, needs=["title"])
    again: Book = derived(lambda book: book)
    loud_title: str = each(lambda book: book.title.upper())
    author: str | None = gives("Ada", called="author")


DUNE = BookValue("Dune", 412, ("Arrakis", None, "Caladan"))
SAGA = BookValue("Saga", None, (), [DUNE, None, BookValue("Coda")])


async def echo(
    _context: Desk,
    parents: Sequence[None],
    _wanted: Wanted,
    word: str | None = strawberry.UNSET,
    how_often: int | None = strawberry.UNSET,
    backwards: bool | None = strawberry.UNSET,
    pause: float | None = strawberry.UNSET,
) -> Sequence[str]:
    given = {"word": word, "how_often": how_often, "backwards": backwards, "pause": pause}
    return [told({name: value for name, value in given.items() if value is not strawberry.UNSET})] * len(parents)


async def root(_context: Desk, parents: Sequence[object], _wanted: Wanted) -> Sequence[str]:
    return [repr(list(parents))]


@strawberry.type
class Query:
    saga: Book = gives(SAGA)
    dune: Book = gives(DUNE)
    echo: str = batch(echo)
    parents: str = batch(root)
    library: Query = gives("any object")


books = strawberry.Schema(Query)


async def test_attributes_are_read_by_their_name_in_python(engine: Engine) -> None:
    assert await engine.ask(books, "{ dune { title pageCount } }") == {
        "data": {"dune": {"title": "Dune", "pageCount": 412}}
    }


async def test_a_method_is_no_value_and_is_not_called(engine: Engine) -> None:
    answer = await engine.ask(books, "{ dune { shelf } }")

    assert answer["data"] == {"dune": {"shelf": None}}
    [error] = answer["errors"]
    assert error["path"] == ["dune", "shelf"]
    assert error["message"].startswith("String cannot represent value: <")


async def test_an_attribute_that_is_not_there_is_an_error_of_its_field(engine: Engine) -> None:
    assert await engine.ask(books, "{ dune { title isbn } }") == {
        "data": {"dune": {"title": "Dune", "isbn": None}},
        "errors": [
            {
                "message": "'BookValue' object has no attribute 'isbn'",
                "locations": [{"line": 1, "column": 16}],
                "path": ["dune", "isbn"],
            }
        ],
    }


async def test_a_property_that_raises_is_an_error_of_its_field(engine: Engine) -> None:
    assert await engine.ask(books, "{ dune { blurb title } }") == {
        "data": {"dune": {"blurb": None, "title": "Dune"}},
        "errors": [
            {
                "message": "the blurb is smudged",
                "locations": [{"line": 1, "column": 10}],
                "path": ["dune", "blurb"],
            }
        ],
    }


async def test_a_derivation_is_worked_out_from_its_parent(engine: Engine) -> None:
    assert await engine.ask(books, "{ saga { initial sequels { initial } } }") == {
        "data": {"saga": {"initial": "S", "sequels": [{"initial": "D"}, None, {"initial": "C"}]}}
    }


async def test_a_derivation_that_raises_or_returns_an_exception_is_an_error_of_its_field(engine: Engine) -> None:
    assert await engine.ask(books, "{ dune { smudged returned title } }") == {
        "data": {"dune": {"smudged": None, "returned": None, "title": "Dune"}},
        "errors": [
            {
                "message": "Dune cannot be read",
                "locations": [{"line": 1, "column": 10}],
                "path": ["dune", "smudged"],
            },
            {
                "message": "Dune is a complaint",
                "locations": [{"line": 1, "column": 18}],
                "path": ["dune", "returned"],
            },
        ],
    }


async def test_a_derived_object_has_fields_of_every_kind(engine: Engine) -> None:
    assert await engine.ask(books, "{ dune { again { title initial again { loudTitle } } } }") == {
        "data": {"dune": {"again": {"title": "Dune", "initial": "D", "again": {"loudTitle": "DUNE"}}}}
    }


async def test_a_batch_answers_each_parent_with_its_own_value(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(books, "{ saga { loudTitle sequels { loudTitle } } }", desk=desk)

    assert answer == {
        "data": {"saga": {"loudTitle": "SAGA", "sequels": [{"loudTitle": "DUNE"}, None, {"loudTitle": "CODA"}]}}
    }
    assert desk.called() == [("gives", 1), ("each", 1), ("each", 2)]


async def test_a_root_field_has_one_parent_which_is_nothing(engine: Engine) -> None:
    assert await engine.ask(books, "{ parents }") == {"data": {"parents": "[None]"}}


async def test_below_a_value_of_the_query_type_fields_have_that_value_as_their_parent(engine: Engine) -> None:
    assert await engine.ask(books, "{ library { library { parents dune { title } } } }") == {
        "data": {"library": {"library": {"parents": "['any object']", "dune": {"title": "Dune"}}}}
    }


async def test_arguments_reach_the_resolver_under_their_names_in_python(engine: Engine) -> None:
    assert await engine.ask(books, '{ echo(word: "foo", howOften: 123) }') == {
        "data": {"echo": "{'word': 'foo', 'how_often': 123}"}
    }


async def test_false_and_nought_and_null_are_given_and_what_was_not_set_is_not(engine: Engine) -> None:
    assert await engine.ask(books, "{ echo(backwards: false, howOften: 0, pause: null) }") == {
        "data": {"echo": "{'how_often': 0, 'backwards': False, 'pause': None}"}
    }


async def test_an_argument_may_be_a_variable_and_its_neighbour_a_literal(engine: Engine) -> None:
    text = 'query ($times: Int) { once: echo(word: "w", howOften: $times) twice: echo(howOften: $times) }'

    assert await engine.ask(books, text, {"times": 2}) == {
        "data": {"once": "{'word': 'w', 'how_often': 2}", "twice": "{'how_often': 2}"}
    }
    assert await engine.ask(books, text) == {"data": {"once": "{'word': 'w'}", "twice": "{}"}}


async def test_a_page_of_everything(engine: Engine) -> None:
    text = """
      query Page($size: Int) {
        dune { ...Cover, x: chapters, ... on Book { pageCount author } }
        echo(howOften: $size)
        saga { sequels { title chapters sequels { title } } ...Cover }
      }
      fragment Cover on Book { title initial }
    """

    assert await engine.ask(books, text, {"size": 100}) == {
        "data": {
            "dune": {
                "title": "Dune",
                "initial": "D",
                "x": ["Arrakis", None, "Caladan"],
                "pageCount": 412,
                "author": "Ada",
            },
            "echo": "{'how_often': 100}",
            "saga": {
                "sequels": [
                    {"title": "Dune", "chapters": ["Arrakis", None, "Caladan"], "sequels": []},
                    None,
                    {"title": "Coda", "chapters": [], "sequels": []},
                ],
                "title": "Saga",
                "initial": "S",
            },
        }
    }


async def late(_context: Desk, parents: Sequence[None], _wanted: Wanted) -> Sequence[str]:
    for _ in range(5):
        await asyncio.sleep(0)
    return ["late"] * len(parents)


@dataclass(frozen=True)
class Plain:
    a: str = "a"
    c: str = "c"


@strawberry.type
class Letters:
    a: str
    b: str = batch(late)
    c: str
    d: str = gives("d")
    e: str = derived(lambda _: "e")


@strawberry.type
class LettersQuery:
    late: str = batch(late)
    soon: str = gives("soon")
    letters: Letters = gives(Plain())


letters = strawberry.Schema(LettersQuery)


async def test_keys_stand_in_the_order_of_the_text_whatever_came_first(engine: Engine) -> None:
    answer = await engine.ask(letters, "{ late letters { e b d a c } soon }")

    assert json.dumps(answer["data"]) == (
        '{"late": "late", "letters": {"e": "e", "b": "late", "d": "d", "a": "a", "c": "c"}, "soon": "soon"}'
    )


async def test_the_order_of_keys_is_the_askers_not_the_schemas(engine: Engine) -> None:
    answer = await engine.ask(letters, "{ soon letters { c b a } late }")

    assert json.dumps(answer["data"]) == (
        '{"soon": "soon", "letters": {"c": "c", "b": "late", "a": "a"}, "late": "late"}'
    )


def or_null(parent: object, name: str) -> object:
    value = getattr(parent, name)
    return None if value is strawberry.UNSET else value


@dataclass(frozen=True)
class Untold:
    known: object = "k"
    untold: object = strawberry.UNSET
    part: object = strawberry.UNSET
    firm: object = strawberry.UNSET
    words: object = strawberry.UNSET


@strawberry.type
class Told:
    known: str
    untold: str | None
    words: list[str] | None
    part: Told | None
    firm: str
    size: str | None = each(lambda part: part.known, called="size")


@strawberry.type
class ToldQuery:
    told: Told | None = gives(Untold())


tellings = strawberry.Schema(ToldQuery, config=StrawberryConfig(default_resolver=or_null))


async def test_what_a_schema_reads_as_absent_is_null(engine: Engine) -> None:
    engine.dialect = Dialect(absent=strawberry.UNSET)

    assert await engine.ask(tellings, "{ told { known untold words part { known size part { untold } } } }") == {
        "data": {"told": {"known": "k", "untold": None, "words": None, "part": None}}
    }


async def test_what_is_absent_where_null_may_not_be_is_an_error(engine: Engine) -> None:
    engine.dialect = Dialect(absent=strawberry.UNSET)

    assert await engine.ask(tellings, "{ told { known firm } }") == {
        "data": {"told": None},
        "errors": [
            {
                "message": "Cannot return null for non-nullable field Told.firm.",
                "locations": [{"line": 1, "column": 16}],
                "path": ["told", "firm"],
            }
        ],
    }
