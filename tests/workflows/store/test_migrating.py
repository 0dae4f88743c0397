from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.fakes.postgres import Databases
from workflows.store.migrating import NotMigratedError, differences, migrate, require_migrated, revision


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
    assert revision(url) == "0002"
    assert differences(url) == []


def test_the_durable_engines_tables_stand_in_a_schema_of_their_own(database: str) -> None:
    with psycopg.connect(database) as session:
        rows = session.execute(
            "select distinct table_schema from information_schema.tables where table_name in "
            "('workflow_status', 'submission')"
        ).fetchall()

    assert sorted(rows) == [("dbos",), ("public",)]
