from __future__ import annotations

import asyncio
import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from canonical.events import Cursor, cursor_of
from gateway.cli import app
from tests.fakes.happenings import happened, invoiced
from workflows.store.opening import Store

LANDSCAPE = """\
tenant = "acme"
[[instances]]
name = "sales"
kind = "salesforce"
role = "crm"
base_url = "https://sales.example"
[[receivers]]
name = "billing"
url = "https://billing.example/events"
credentials = { secret = { env = "NOBODY_SETS_THIS" } }
"""
ROWS = """
insert into outbound (receiver, position) values ('billing', 3);
insert into delivery (receiver, position, lane, state, kind, event_id, body, due_at, ended_at, answer) values
 ('billing', 1, 'sales/so1', 'TAKEN', 'revgraph.order.order_booked.v1', 'e1', null, null, now(), '204'),
 ('billing', 2, 'sales/so1', 'DEAD', 'revgraph.order.invoice_generated.v1', 'e2', '{}', null, now(), '410 gone
   away'),
 ('billing', 3, 'sales/so2', 'WAITING', 'revgraph.order.invoice_generated.v1', 'e3', '{}', now(), null, null);
"""


@pytest.fixture
def landscape(tmp_path: Path) -> Path:
    path = tmp_path / "revgraph.toml"
    path.write_text(LANDSCAPE)
    return path


@pytest.fixture
def filled(database: str) -> str:
    """A database with three deliveries: taken, dead and waiting."""
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(ROWS)
    return database


def revgraph(*arguments: str, at: Path | None = None, url: str | None = None) -> Result:
    where = ["--landscape", str(at)] if at else []
    environment = {"COLUMNS": "140", "TERM": "dumb", "DATABASE_URL": url, "REVGRAPH_DATABASE_URL": None}
    return CliRunner().invoke(app, [*arguments, *where], env=environment)


def numbers(url: str, state: str) -> list[int]:
    with psycopg.connect(url) as session:
        return [row[0] for row in session.execute("select position from delivery where state = %s order by 1", [state])]


@pytest.mark.parametrize(
    "wish,promises",
    [
        (["deliveries"], ["list", "retry", "replay"]),
        (["deliveries", "list"], ["newest first", "--receiver", "--state", "--most", "--json", "DEAD"]),
        (["deliveries", "retry"], ["Send dead letters again", "--all-dead", "--receiver"]),
        (["deliveries", "replay"], ["under the same ids", "--from"]),
        (["events", "renew"], ["Every cursor that was ever given out is refused", "restored"]),
    ],
)
def test_every_wish_explains_itself(wish: list[str], promises: list[str]) -> None:
    said = " ".join(revgraph(*wish, "--help").output.split())

    assert [promise for promise in promises if promise not in said] == []


def test_deliveries_are_listed_the_newest_first_each_in_one_line(landscape: Path, filled: str) -> None:
    said = revgraph("deliveries", "list", at=landscape, url=filled)
    lines = said.stdout.splitlines()

    assert said.exit_code == 0
    assert [line.split()[1] for line in lines] == ["WAITING", "DEAD", "TAKEN"]
    assert "revgraph.order.invoice_generated.v1  sales/so1  410 gone away" in lines[1]


def test_deliveries_are_listed_by_state_in_json(landscape: Path, filled: str) -> None:
    said = revgraph("deliveries", "list", "--state", "dead", "--json", at=landscape, url=filled)

    [one] = json.loads(said.stdout)
    assert (one["receiver"], one["position"], one["event_id"], one["state"]) == ("billing", 2, "e2", "DEAD")


def test_dead_letters_are_sent_again(landscape: Path, filled: str) -> None:
    said = revgraph("deliveries", "retry", "--all-dead", "--receiver", "billing", at=landscape, url=filled)

    assert "1 will be sent again." in said.output
    assert numbers(filled, "WAITING") == [2, 3]
    assert "There is no dead letter." in revgraph("deliveries", "retry", "--all-dead", at=landscape, url=filled).output


def test_nothing_is_sent_again_where_one_of_the_numbers_is_no_dead_letters(landscape: Path, filled: str) -> None:
    with psycopg.connect(filled) as session:
        taken, dead, _ = [str(row[0]) for row in session.execute("select id from delivery order by id")]

    refused = revgraph("deliveries", "retry", dead, taken, at=landscape, url=filled)
    still = numbers(filled, "DEAD")
    done = revgraph("deliveries", "retry", dead, at=landscape, url=filled)

    assert refused.exit_code == 1
    assert f"No dead letter has the number {taken}; nothing was done." in refused.output
    assert still == [2]
    assert done.exit_code == 0
    assert numbers(filled, "DEAD") == []


@pytest.mark.parametrize("arguments", [[], ["--all-dead", "7"]])
def test_which_dead_letters_has_to_be_said(landscape: Path, arguments: list[str]) -> None:
    said = revgraph("deliveries", "retry", *arguments, at=landscape, url="postgresql://nobody@127.0.0.1:1/none")

    assert said.exit_code == 2
    assert "numbers of dead letters, or --all-dead" in said.output


def test_a_receiver_goes_back_to_a_cursor(landscape: Path, database: str) -> None:
    cursor = in_the_log(database)

    said = revgraph(
        "deliveries", "replay", "billing", "--from", str(Cursor(cursor.epoch, 1)), at=landscape, url=database
    )

    assert "billing will be sent what it wants of 2 events." in said.output
    with psycopg.connect(database) as session:
        assert session.execute("select receiver, position from outbound").fetchall() == [("billing", 1)]
        assert session.execute("select actor, subject from audit_entry where action = 'REPLAY_EVENTS'").fetchall() == [
            ("operator", "Receiver billing")
        ]


@pytest.mark.parametrize(
    "receiver,cursor,expected",
    [
        ("billing", "no cursor", "This is no cursor of the event log."),
        ("billing", str(Cursor("of-before", 1)), "This cursor is of an event log that is not kept any more"),
        ("biling", "x", "There is no receiver 'biling'; expected one of bulletins, billing."),
        ("bulletins", "x", "Bulletins tell where orders stand now"),
    ],
)
def test_what_cannot_be_replayed_is_said_in_words(
    landscape: Path, database: str, receiver: str, cursor: str, expected: str
) -> None:
    said = revgraph("deliveries", "replay", receiver, "--from", cursor, at=landscape, url=database)

    assert said.exit_code == 1
    assert expected in said.output


def test_the_log_is_begun_anew_and_tells_from_where(landscape: Path, database: str) -> None:
    before = in_the_log(database)

    said = revgraph("events", "renew", at=landscape, url=database)

    after = cursor_of(said.stdout.strip())
    assert (after.position, after.epoch == before.epoch) == (3, False)
    assert "Cursors of before are refused from now on" in said.stderr


@pytest.mark.parametrize(
    "url,code,expected",
    [
        (None, 2, "There is no DATABASE_URL"),
        ("postgresql://nobody@127.0.0.1:1/none", 1, "The database cannot be reached"),
    ],
)
def test_a_database_that_is_not_there_is_said_in_words(
    landscape: Path, url: str | None, code: int, expected: str
) -> None:
    said = revgraph("deliveries", "list", at=landscape, url=url)

    assert said.exit_code == code
    assert expected in said.output


def in_the_log(url: str) -> Cursor:
    """Three events; the cursor behind them."""

    async def tell() -> Cursor:
        store = Store(url, 1)
        try:
            return await happened(store, *(invoiced("so1", f"{number}") for number in range(3)))
        finally:
            await store.close()

    return asyncio.run(tell())
