from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic import command
from sqlalchemy import make_url

from tests.fakes.postgres import Databases
from workflows.store.migrating import (
    CannotMigrateError,
    NotMigratedError,
    configuration,
    differences,
    migrate,
    newest,
    require_migrated,
    revision,
)


@pytest.fixture
def empty(databases: Databases) -> str:
    return databases.cluster.ensure_database("empty")


def test_the_migrations_make_the_tables_that_the_code_declares(database: str) -> None:
    assert differences(database) == []


def test_a_table_that_the_code_does_not_know_would_be_seen(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("create table left_over (id int)")

    assert [change[0] for change in differences(database)] == ["remove_table"]  # type: ignore[index]


def test_an_empty_database_is_refused_with_what_to_run(empty: str) -> None:
    with pytest.raises(NotMigratedError, match=r"revision nothing.*Run `revgraph migrate`"):
        require_migrated(empty)


def test_whoever_migrates_second_finds_nothing_to_do(databases: Databases) -> None:
    url = databases.cluster.ensure_database("both_at_once")

    with ThreadPoolExecutor(2) as both:
        list(both.map(migrate, [url, url]))

    require_migrated(url)
    assert revision(url) == "0004"
    assert differences(url) == []


def test_a_database_that_has_listened_knows_since_when_and_keeps_no_instant_that_nobody_meant(
    databases: Databases,
) -> None:
    url = databases.cluster.ensure_database("has_listened")
    command.upgrade(configuration(url), "0002")
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(
            "insert into feed (system, way, began_at) values ('crm', 'poll', '2026-03-02 00:00+00'),"
            " ('crm', 'stream', '2026-03-01 00:00+00'), ('erp', 'poll', '2026-04-01 00:00+00')"
        )
        session.execute(
            "insert into change_in (system, event_id, concept, key, changed_at, received_at)"
            " select 'crm', at::text, 'Order', 'A', at, '2026-03-05 00:00+00' from unnest(array["
            "'0001-12-31 19:00+00 BC', '10000-01-01 12:00+00', '2026-03-04 00:00+00']::timestamptz[]) as at"
        )

    migrate(url)

    with psycopg.connect(url) as session:
        began = session.execute("select system, began_at::date::text from listened order by system").fetchall()
        changed = session.execute("select changed_at::date::text from change_in order by id").fetchall()
    assert began == [("crm", "2026-03-01"), ("erp", "2026-04-01")]
    assert changed == [("2026-03-05",), ("2026-03-05",), ("2026-03-04",)]


def test_what_was_told_of_payments_is_known_by_its_new_names(databases: Databases) -> None:
    url = databases.cluster.ensure_database("has_told_of_payments")
    command.upgrade(configuration(url), "0003")
    told = ["ORDER_BOOKED:crm:s:erp/7", "PAYMENT_APPLIED:erp:P1:I1/0", "PAYMENT_APPLIED:erp:P2:I1/1"]
    told += [f"PAYMENT_APPLIED:erp:P3:I1/{number}" for number in (2, 10)]
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(
            "insert into order_told (tenant, system, key, happenings) select 'acme', 'crm', 's',"
            " jsonb_object_agg(name, 'at ' || name) from unnest(%s::text[]) as name",
            (told,),
        )
        session.execute("insert into order_told (tenant, system, key, happenings) values ('acme', 'crm', 'none', '{}')")

    migrate(url)

    with psycopg.connect(url) as session:
        [(kept,), (none,)] = session.execute("select happenings from order_told order by key desc").fetchall()
    assert none == {}
    assert kept == {
        "ORDER_BOOKED:crm:s:erp/7": "at ORDER_BOOKED:crm:s:erp/7",
        "PAYMENT_APPLIED:erp:P1:I1/0": "at PAYMENT_APPLIED:erp:P1:I1/0",
        "PAYMENT_APPLIED:erp:P2:I1/0": "at PAYMENT_APPLIED:erp:P2:I1/1",
        "PAYMENT_APPLIED:erp:P3:I1/0": "at PAYMENT_APPLIED:erp:P3:I1/2",
        "PAYMENT_APPLIED:erp:P3:I1/1": "at PAYMENT_APPLIED:erp:P3:I1/10",
    }


def test_the_durable_engines_tables_stand_in_a_schema_of_their_own(database: str) -> None:
    with psycopg.connect(database) as session:
        rows = session.execute(
            "select distinct table_schema from information_schema.tables where table_name in "
            "('workflow_status', 'submission')"
        ).fetchall()

    assert sorted(rows) == [("dbos",), ("public",)]


@pytest.fixture
def newer(database: str) -> str:
    """A database that a newer version has migrated."""
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("update alembic_version set version_num = '9999'")
    return database


def test_a_newer_version_s_database_is_worked_on_and_said_to_be_newer(
    newer: str, caplog: pytest.LogCaptureFixture
) -> None:
    require_migrated(newer)

    assert "at revision 9999: it belongs to a newer version" in caplog.text


def test_a_newer_version_s_database_is_left_alone(newer: str) -> None:
    assert migrate(newer) is False
    assert revision(newer) == "9999"


def test_an_older_version_s_database_is_refused_with_what_to_run(databases: Databases) -> None:
    url = databases.cluster.ensure_database("older")
    command.upgrade(configuration(url), "0002")

    with pytest.raises(NotMigratedError, match=rf"revision 0002.*needs {newest()}.*`revgraph migrate`"):
        require_migrated(url)


def test_what_keeps_a_database_from_being_migrated_is_said_in_words(databases: Databases, empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as session:
        session.execute("drop role if exists guest")
        session.execute("create role guest login")
    theirs = make_url(empty).set(username="guest").render_as_string()

    with pytest.raises(CannotMigrateError, match="has to own its database, and may not make tables in it: permission"):
        migrate(theirs)
    with pytest.raises(CannotMigrateError, match="The database cannot be reached: "):
        migrate("postgresql://guest:hush-hush@/nothing?host=/nowhere")
