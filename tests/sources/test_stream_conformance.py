"""One suite for every system that tells of changes by itself, over its own wire: feeds.py's promises hold for all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import pytest
import pytest_asyncio

from canonical.changes import Change, Concept
from canonical.deadline import Deadline
from canonical.principal import Principal, View
from canonical.wanted import Wanted
from sandbox.serve import Company, open_company
from sources.catalog import Sources
from sources.feeds import ChangeStream, PositionLostError
from sources.intake import CustomerWriteBack
from sources.kit.call import Call
from sources.kit.sandbox.faults import Fault as Misbehaviour
from sources.ports import CustomerQuery, CustomerSource

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLACES = [pytest.param(("pretended", "salesforce"), id="salesforce")]
WITHIN = 20.0


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pretended() -> AsyncIterator[Company]:
    async with open_company() as opened:
        yield opened


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def stream(sources: Sources, name: str) -> ChangeStream:
    source = sources.get(name, ChangeStream)
    assert source is not None
    return source


def call() -> Call:
    return Call(Principal("ann", "brightwell", "tests", frozenset()), View(), Deadline.after(30), "conformance")


async def change_a_customer(sources: Sources, name: str, number: str) -> str:
    """Change the system through its own adapter; the key of the customer that is another then."""
    customers, told = sources.get(name, CustomerSource), sources.get(name, CustomerWriteBack)
    assert customers is not None
    assert told is not None
    page = await customers.list_customers(call(), CustomerQuery(first=1), Wanted())
    key = page.items[0].ref.key
    await told.write_back_customer(call(), key, [number])
    return key


async def told(stream: ChangeStream, position: str | None, key: str | None) -> tuple[list[Change], str]:
    """What is told from there on until a change of that customer is, or where it begins without one."""
    changes: list[Change] = []
    # A port promises an iterator, and that closing it ends the connection: an async generator has that.
    async with asyncio.timeout(WITHIN), aclosing(cast("Any", stream.stream_changes(position))) as batches:
        async for batch in batches:
            changes += batch.changes
            position = batch.position or position
            if position and (key is None or any((one.concept, one.key) == (Concept.CUSTOMER, key) for one in changes)):
                return changes, position
    raise AssertionError("The stream ended.")


async def test_a_change_made_behind_a_position_is_told_and_told_again_by_the_same_name(
    sources: Sources, name: str, stream: ChangeStream
) -> None:
    _, position = await told(stream, None, None)
    key = await change_a_customer(sources, name, "S-1")

    first, behind = await told(stream, position, key)
    again, _ = await told(stream, position, key)
    another = await change_a_customer(sources, name, "S-2")
    later, _ = await told(stream, behind, another)

    assert {one.event_id for one in first} == {one.event_id for one in again}
    assert {one.event_id for one in later}.isdisjoint({one.event_id for one in first})
    assert all(0 < len(one.event_id) <= 200 for one in [*first, *later])


async def test_a_connection_that_breaks_leaves_the_position_good(
    sources: Sources, name: str, stream: ChangeStream, company: Company
) -> None:
    _, position = await told(stream, None, None)
    key = await change_a_customer(sources, name, "S-3")
    company.sandboxes[name].faults.add(Misbehaviour(kind="reset_before", match="^DELIVER", times=1))
    with pytest.raises(Exception, match=name):
        await told(stream, position, key)

    changes, _ = await told(stream, position, key)

    assert key in {one.key for one in changes}


async def test_a_position_of_nobody_is_lost(stream: ChangeStream) -> None:
    with pytest.raises(PositionLostError):
        await told(stream, "nobody's", None)
