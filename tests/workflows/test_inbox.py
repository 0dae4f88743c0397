from __future__ import annotations

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


async def test_what_was_looked_at_long_ago_is_forgotten_and_what_waits_is_not(house: House) -> None:
    async with house.store.transaction() as transaction:
        await inbox.store_changes(transaction, "crm", [change("done"), change("waits")])
        [done, _] = await inbox.take_waiting(transaction, 10)
        await inbox.done_with(transaction, [done.id])
    await house.say("update change_in set received_at = now() - interval '40 days'")

    async with house.store.transaction() as transaction:
        await inbox.forget_changes(transaction, days=30)

    assert await house.ask("select key from change_in") == [("waits",)]
