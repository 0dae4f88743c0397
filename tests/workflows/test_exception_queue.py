"""What is put before people: one exception for each thing that they have to look at."""

from __future__ import annotations

from canonical.changes import Changes, Unreadable
from tests.workflows.house import House
from workflows.feeds import keep


async def test_unreadable_messages_of_two_systems_with_one_name_are_two_exceptions(house: House) -> None:
    for system in ("erp-eu", "erp-us"):
        nonsense = Unreadable(event_id="4711", sentence=f"{system} names no record.", payload=f'{{"from": "{system}"}}')
        async with house.store.transaction() as transaction:
            await keep(transaction, house.landscape, system, Changes(unreadable=(nonsense,)))

    asked = "select system, explanation, technical_detail from integration_exception order by system"
    assert await house.ask(asked) == [
        ("erp-eu", "erp-eu names no record.", '{"from": "erp-eu"}'),
        ("erp-us", "erp-us names no record.", '{"from": "erp-us"}'),
    ]
