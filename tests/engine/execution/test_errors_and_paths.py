"""Errors: what they say, where they stand, in which order, and what they leave alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import strawberry
from graphql import GraphQLError

from canonical.wanted import Wanted
from engine.seam import batch, derived
from tests.engine.execution.asking import Engine, Name, settled
from tests.engine.execution.fields import each, gives, raises
from tests.engine.shop import Desk


class Oops(Exception):
    """Something went wrong."""


class Coded(Oops):
    """A complaint with extensions, as clients read them."""

    def __init__(self, message: str, **extensions: object) -> None:
        super().__init__(message)
        self.extensions = extensions


@dataclass(frozen=True)
class TeamValue:
    name: str
    players: list[object] = field(default_factory=list)
    torn: object = field(default_factory=lambda: Oops("torn"))


def captain_of(team: TeamValue) -> object:
    return Oops(f"{team.name} has no captain") if team.name == "B" else TeamValue(f"captain of {team.name}")


async def coaches_of(context: Desk, parents: Sequence[TeamValue], wanted: Wanted) -> Sequence[TeamValue]:
    context.note("coach", parents, wanted)
    if any(parent.name == "B" for parent in parents):
        raise Oops("the office is closed")
    return [TeamValue(f"coach of {parent.name}") for parent in parents]


async def no_list(_context: Desk, _parents: Sequence[object], _wanted: Wanted) -> Sequence[str]:
    return cast("Sequence[str]", None)


async def too_few(_context: Desk, parents: Sequence[object], _wanted: Wanted) -> Sequence[str]:
    return ["a"] * (len(parents) - 1)


def failing(_team: TeamValue) -> str:
    raise Oops("a pure function failed")


@strawberry.type
class Team:
    name: str
    torn: str | None
    players: list[Team | None] | None
    captain: Team | None = each(captain_of, called="captain")
    coach: Team | None = batch(coaches_of)
    rival: Team | None = each(lambda team: TeamValue(f"rival of {team.name}"), called="rival")
    firm_captain: Team = each(captain_of, called="firmCaptain")
    derived: str | None = derived(failing)
    no_list: str | None = batch(no_list)
    too_few: str | None = batch(too_few)


TEAMS = [TeamValue("A"), TeamValue("B"), TeamValue("C")]


@strawberry.type
class Query:
    teams: list[Team] | None = gives(TEAMS)
    team: Team | None = gives(TeamValue("A", [TeamValue("x"), Oops("no y"), None, TeamValue("B")]))
    b: Team | None = gives(TeamValue("B"))
    fine: str | None = gives("fine")
    returned: str | None = gives(Oops("returned"))
    raised: str | None = raises(Oops("raised"))
    wordless: str | None = raises(Oops())
    coded: str | None = gives(Coded("coded", code="E7", more={"n": [1]}))
    coded_raised: str | None = raises(Coded("coded too", code="E8"))
    graphql: str | None = gives(GraphQLError("spoken", extensions={"code": "E9"}))
    listed: list[str | None] | None = gives(["0", Oops("first"), "2", Oops("third")])
    key: str | None = raises(KeyError("where"))
    no_list: str | None = batch(no_list)
    stopped: str | None = raises(TimeoutError())


league = strawberry.Schema(Query)


def wrong(message: str, column: int, *path: str | int, line: int = 1) -> dict[str, object]:
    return {"message": message, "locations": [{"line": line, "column": column}], "path": list(path)}


async def test_every_way_to_fail_nulls_its_own_field(engine: Engine) -> None:
    text = """{
      fine
      returned
      raised
      listed
      coded
      codedRaised
      graphql
      again: fine
    }"""

    assert await engine.ask(league, text) == {
        "data": {
            "fine": "fine",
            "returned": None,
            "raised": None,
            "listed": ["0", None, "2", None],
            "coded": None,
            "codedRaised": None,
            "graphql": None,
            "again": "fine",
        },
        "errors": [
            wrong("returned", 7, "returned", line=3),
            wrong("raised", 7, "raised", line=4),
            wrong("first", 7, "listed", 1, line=5),
            wrong("third", 7, "listed", 3, line=5),
            {**wrong("coded", 7, "coded", line=6), "extensions": {"code": "E7", "more": {"n": [1]}}},
            {**wrong("coded too", 7, "codedRaised", line=7), "extensions": {"code": "E8"}},
            {**wrong("spoken", 7, "graphql", line=8), "extensions": {"code": "E9"}},
        ],
    }


async def test_an_exception_says_what_python_would_say_of_it(engine: Engine) -> None:
    answer = await engine.ask(league, "{ key }")

    assert answer == {"data": {"key": None}, "errors": [wrong("'where'", 3, "key")]}


async def test_an_exception_without_words_is_an_error_all_the_same(engine: Engine) -> None:
    answer = await engine.ask(league, "{ fine wordless stopped }")

    assert answer["data"] == {"fine": "fine", "wordless": None, "stopped": None}
    assert [(error["path"], error["locations"]) for error in answer["errors"]] == [
        (["wordless"], [{"line": 1, "column": 8}]),
        (["stopped"], [{"line": 1, "column": 17}]),
    ]


async def test_one_parents_error_is_not_its_neighbours(engine: Engine) -> None:
    assert await engine.ask(league, "{ teams { name captain { name } } }") == {
        "data": {
            "teams": [
                {"name": "A", "captain": {"name": "captain of A"}},
                {"name": "B", "captain": None},
                {"name": "C", "captain": {"name": "captain of C"}},
            ]
        },
        "errors": [wrong("B has no captain", 16, "teams", 1, "captain")],
    }


async def test_what_a_call_raises_is_every_parents_error(engine: Engine) -> None:
    assert await engine.ask(league, "{ teams { coach { name } name } }") == {
        "data": {"teams": [{"coach": None, "name": "A"}, {"coach": None, "name": "B"}, {"coach": None, "name": "C"}]},
        "errors": [wrong("the office is closed", 11, "teams", place, "coach") for place in range(3)],
    }


async def test_paths_have_the_askers_names_and_the_places_in_lists(engine: Engine) -> None:
    text = "{ a: teams { b: rival { c: rival { d: torn } } } }"

    answer = await engine.ask(league, text)

    assert answer["data"] == {"a": [{"b": {"c": {"d": None}}}] * 3}
    assert answer["errors"] == [wrong("torn", 36, "a", place, "b", "c", "d") for place in range(3)]


async def test_the_whole_path_is_told_where_a_null_climbed(engine: Engine) -> None:
    text = """{ team {
      up: rival { rival {
        down: rival { firmCaptain { name } }
        b: firmCaptain { name }
      } }
    } }"""

    assert await engine.ask(league, text) == {
        "data": {
            "team": {
                "up": {
                    "rival": {
                        "down": {"firmCaptain": {"name": "captain of rival of rival of rival of A"}},
                        "b": {"name": "captain of rival of rival of A"},
                    }
                }
            }
        }
    }
    assert await engine.ask(league, "{ team { players { mine: firmCaptain { name } } } }") == {
        "data": {
            "team": {
                "players": [
                    {"mine": {"name": "captain of x"}},
                    None,
                    None,
                    None,
                ]
            }
        },
        "errors": [
            wrong("no y", 10, "team", "players", 1),
            wrong("B has no captain", 20, "team", "players", 3, "mine"),
        ],
    }


async def test_errors_at_several_depths_stand_in_the_order_of_the_text(engine: Engine, name: Name) -> None:
    text = "{ returned team { torn players { torn } captain { derived } } raised b { captain { name } derived } }"

    answer = await engine.ask(league, text)

    expected = [
        wrong("returned", 3, "returned"),
        wrong("torn", 19, "team", "torn"),
        wrong("torn", 34, "team", "players", 0, "torn"),
        wrong("no y", 24, "team", "players", 1),
        wrong("torn", 34, "team", "players", 3, "torn"),
        wrong("a pure function failed", 51, "team", "captain", "derived"),
        wrong("raised", 63, "raised"),
        wrong("B has no captain", 74, "b", "captain"),
        wrong("a pure function failed", 91, "b", "derived"),
    ]
    assert settled(name, answer["errors"]) == settled(name, expected)
    assert answer["data"] == {
        "returned": None,
        "team": {
            "torn": None,
            "players": [{"torn": None}, None, None, {"torn": None}],
            "captain": {"derived": None},
        },
        "raised": None,
        "b": {"captain": None, "derived": None},
    }


async def test_a_field_asked_for_in_several_places_has_them_all(engine: Engine) -> None:
    text = "{ raised ...More raised team { torn } } fragment More on Query { raised team { ... { torn } } }"

    answer = await engine.ask(league, text)

    assert answer["data"] == {"raised": None, "team": {"torn": None}}
    assert sorted(answer["errors"], key=str) == [
        {
            "message": "raised",
            "locations": [{"line": 1, "column": 3}, {"line": 1, "column": 66}, {"line": 1, "column": 18}],
            "path": ["raised"],
        },
        {
            "message": "torn",
            "locations": [{"line": 1, "column": 86}, {"line": 1, "column": 32}],
            "path": ["team", "torn"],
        },
    ]


async def test_an_error_in_a_fragment_stands_in_the_fragment(engine: Engine) -> None:
    text = "{ team { ...T } b { ...T } }\nfragment T on Team {\n  name\n  torn\n}"

    assert await engine.ask(league, text) == {
        "data": {"team": {"name": "A", "torn": None}, "b": {"name": "B", "torn": None}},
        "errors": [wrong("torn", 3, "team", "torn", line=4), wrong("torn", 3, "b", "torn", line=4)],
    }


async def test_answers_that_are_no_list_or_too_few_are_every_parents_error(engine: Engine, name: Name) -> None:
    answer = await engine.ask(league, "{ fine teams { name noList tooFew } noList }")

    expected = [
        wrong(message, column, "teams", place, field)
        for place in range(3)
        for message, column, field in [
            ("object of type 'NoneType' has no len()", 21, "noList"),
            ("too_few gave 2 answers for 3 parents of Team.", 28, "tooFew"),
        ]
    ]
    expected.append(wrong("object of type 'NoneType' has no len()", 37, "noList"))
    assert settled(name, answer["errors"]) == settled(name, expected)
    assert answer["data"] == {
        "fine": "fine",
        "teams": [{"name": team, "noList": None, "tooFew": None} for team in "ABC"],
        "noList": None,
    }


async def test_the_exception_itself_is_kept_for_whoever_writes_the_log(engine: Engine) -> None:
    error = Oops("deep down")

    @strawberry.type
    class Root:
        deep: str | None = gives(error)

    result = await engine.result(strawberry.Schema(Root), "{ deep }")

    assert result.errors is not None
    assert [found.original_error for found in result.errors] == [error]


async def test_an_answer_without_errors_does_not_speak_of_them(engine: Engine) -> None:
    assert await engine.ask(league, "{ fine }") == {"data": {"fine": "fine"}}
