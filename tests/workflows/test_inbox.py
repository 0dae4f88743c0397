from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.fakes.feeds import change
from tests.workflows.house import House
from workflows import inbox


async def test_a_message_is_new_once_for_each_system_however_often_and_with_what_it_comes(house: House) -> None:
    async with house.store.transaction() as transaction:
        first = await inbox.store_changes(transaction, "crm", [change("sale1", "1"), change("sale1", "1")])
        again = await inbox.store_changes(transaction, "crm", [change("sale1", "1"), change("sale2", "2")])
        other = await inbox.store_changes(transaction, "erp-eu", [change("71", "1")])
        nothing = await inbox.store_changes(transaction, "crm", [])

    assert (first, again, other, nothing) == (1, 1, 1, 0)


async def test_more_than_one_statement_takes_is_stored_whole(house: House) -> None:
    many = [change(f"sale{number}") for number in range(inbox.MOST + 3)]

    async with house.store.transaction() as transaction:
        fresh = await inbox.store_changes(transaction, "crm", many)
        again = await inbox.store_changes(transaction, "crm", many)

    assert (fresh, again) == (inbox.MOST + 3, 0)


@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime.fromisoformat("0001-01-01T00:00:00+05:00"),
        datetime.fromisoformat("9999-12-31T23:59:59-12:00"),
        datetime(1989, 12, 31, 23, 59, tzinfo=UTC),
        datetime.now(UTC) + timedelta(days=2),
        datetime(2026, 11, 20, 12),  # noqa: DTZ001 - an instant without a zone is meant
    ],
)
async def test_an_instant_that_cannot_be_meant_is_taken_for_the_one_at_which_we_heard_of_it(
    house: House, at: datetime
) -> None:
    async with house.store.transaction() as transaction:
        await inbox.store_changes(transaction, "crm", [replace(change("sale1"), changed_at=at), change("sale2")])

    [[odd, heard], [usual, _]] = await house.ask("select changed_at, received_at from change_in order by id")
    assert abs(odd - heard) < timedelta(minutes=1)
    assert usual == change("sale2").changed_at


async def test_an_instant_of_a_clock_that_goes_before_ours_is_kept(house: House) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=20)

    async with house.store.transaction() as transaction:
        await inbox.store_changes(transaction, "crm", [replace(change("sale1"), changed_at=ahead)])

    assert await house.ask("select changed_at from change_in") == [(ahead,)]


async def test_what_was_looked_at_long_ago_is_forgotten_and_what_waits_is_not(house: House) -> None:
    async with house.store.transaction() as transaction:
        await inbox.store_changes(transaction, "crm", [change("done"), change("waits")])
        [done, _] = await inbox.take_due(transaction, 10)
        await inbox.done_with(transaction, [done])
    await house.say("update change_in set received_at = now() - interval '40 days'")

    async with house.store.transaction() as transaction:
        await inbox.forget_changes(transaction, days=30)

    assert await house.ask("select key from change_in") == [("waits",)]
