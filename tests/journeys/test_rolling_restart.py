"""Replicas are ended and started again one by one: nobody's order is lost or doubled, and no event is."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import text

from bench.soak.house import Gateway
from canonical.events import Logged
from sandbox.serve import Company, open_company
from sources.kit.sandbox.faults import Fault
from tests.fakes.waiting import until
from tests.journeys.clerks import Clerk, under_way
from tests.journeys.hearers import KINDS, WAYS, Hearer
from tests.journeys.replicas import LOOK_EVERY, Replicas, has_ended, is_ready, open_replicas
from tests.journeys.test_scenarios import BOOKING, ERP, an_order, orders_in
from tests.journeys.working import rows
from workflows.log import read_log, standing
from workflows.store.opening import Store

BOOKING_TAKES = 0.6
"""Seconds, so that an order is under way for long enough to be caught there."""
ORDERS = "select count(*) from A_SalesOrder"


@dataclass
class People:
    """Who hands in and who listens."""

    replicas: Replicas
    by_http: list[Clerk]
    by_socket: list[Clerk]
    hearers: list[Hearer]

    @property
    def clerks(self) -> list[Clerk]:
        return [*self.by_http, *self.by_socket]

    async def caught(self, replica: str) -> set[str]:
        """Keys under way at this replica and bound in the store; none before there are some over both transports."""
        asked = "select idempotency_key from submission where state = 'IN_PROGRESS'"
        async with self.replicas.store.transaction() as transaction:
            bound = {row[0] for row in await transaction.execute(text(asked))}
        http, socket = (bound & under_way(clerks, replica) for clerks in (self.by_http, self.by_socket))
        return http | socket if http and socket else set()

    async def hear_more(self) -> None:
        """Come back once each hearer has heard more than now."""
        before = [(one, len(one.heard)) for one in self.hearers]
        await until(lambda: all(len(one.heard) > heard for one, heard in before))


@asynccontextmanager
async def busy_people(company: Company, replicas: Replicas) -> AsyncIterator[People]:
    """They hand in and listen; with the block the clerks finish what they have, and then the hearers end."""
    people, stop = await gathered(company, replicas), asyncio.Event()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True)) as session:
        listening = [asyncio.create_task(one.listen(session, replicas.token)) for one in people.hearers]
        working = [asyncio.create_task(one.by_http(session, stop)) for one in people.by_http]
        working += [asyncio.create_task(one.by_socket(session, stop)) for one in people.by_socket]
        try:
            yield people
            stop.set()
            await asyncio.gather(*working)
            await caught_up(people)
        finally:
            for task in (*working, *listening):
                task.cancel()
            ends = await asyncio.gather(*listening, return_exceptions=True)
            await asyncio.gather(*working, return_exceptions=True)
    assert [end for end in ends if not isinstance(end, asyncio.CancelledError)] == []


async def gathered(company: Company, replicas: Replicas) -> People:
    """A clerk for each transport, at home where it ends first; at each replica a hearer over each for everything."""
    async with replicas.store.transaction() as transaction:
        begun = (await standing(transaction)).cursor
    here, there = (gateway.url for gateway in replicas.gateways)
    order = an_order(company)

    async def rest() -> None:
        # No more than the worker gets done, however busy the machine is.
        await until(lambda: nothing_in_progress(replicas.store), LOOK_EVERY)

    return People(
        replicas,
        by_http=[Clerk("http", deque((here, there)), order, replicas.token, rest)],
        by_socket=[Clerk("socket", deque((here, there)), order, replicas.token, rest)],
        hearers=[
            Hearer(one, way, deque(homes), begun, follows=homes[0] == here)
            for homes in ((here, there), (there, here))
            for one in KINDS
            for way in WAYS
        ],
    )


async def caught_up(people: People) -> None:
    """Come back once nothing goes on with what was handed in, and everybody has heard what was told until then."""
    await until(lambda: nothing_in_progress(people.replicas.store), LOOK_EVERY)
    log = await log_of(people.replicas)
    await until(lambda: all(one.heard[-1:] >= one.expected(log)[-1:] for one in people.hearers))


async def nothing_in_progress(store: Store) -> bool:
    async with store.transaction() as transaction:
        going_on = text("select exists (select from submission where state = 'IN_PROGRESS')")
        return not (await transaction.execute(going_on)).scalar_one()


async def log_of(replicas: Replicas) -> Sequence[Logged]:
    async with replicas.store.transaction() as transaction:
        found = await standing(transaction)
        return await read_log(transaction, found.epoch, 0, found.head, found.head)


async def restart(gateway: Gateway, people: People) -> set[tuple[str, str]]:
    """End it while orders are under way there over both transports, and start it again; where, and their keys."""
    caught: set[str] = set()

    async def found() -> set[str]:
        caught.update(await people.caught(gateway.url))
        return caught

    await people.hear_more()
    await until(found, LOOK_EVERY)
    assert gateway.running is not None
    gateway.running.send_signal(signal.SIGTERM)
    assert await has_ended(gateway) == -signal.SIGTERM
    gateway.start()
    await is_ready(gateway)
    return {(gateway.url, key) for key in caught}


@pytest.mark.xdist_group("workers")
@pytest.mark.timeout(300)
async def test_replicas_are_restarted_one_by_one_and_no_event_or_order_is_lost_or_doubled(
    url: str, tmp_path: Path
) -> None:
    async with open_company() as company, open_replicas(company, url, tmp_path) as replicas:
        company.sandboxes[ERP].faults.add(Fault(kind="latency", match=BOOKING, seconds=BOOKING_TAKES))
        [(before,)] = rows(company, ERP, ORDERS)

        async with busy_people(company, replicas) as people:
            caught = [await restart(gateway, people) for gateway in replicas.gateways]

        await every_event_was_heard_once(people)
        answers = {key: answer for clerk in people.clerks for key, answer in clerk.answers.items()}
        unanswered = [found for clerk in people.clerks for found in clerk.unanswered]
        # What was under way is answered; what was not begun is handed in again, once, and nothing is known of it there.
        assert [found.intersection(unanswered) for found in caught] == [set(), set()]
        assert [key for key, times in Counter(key for _, key in unanswered).items() if times > 1] == []
        assert all(len(clerk.unanswered) <= len(replicas.gateways) for clerk in people.clerks)
        assert [key for key, answer in answers.items() if answer["replayed"] or answer["problems"]] == []
        references = {answer["submission"]["externalReference"] for answer in answers.values()}
        assert [one for one in references if len(orders_in(company, ERP, one)) != 1] == []
        assert len(references) == len(answers) == await submissions(replicas)
        assert rows(company, ERP, ORDERS) == [(before + len(answers),)]


async def every_event_was_heard_once(people: People) -> None:
    """Hold what each heard, and where, against the log."""
    log = await log_of(people.replicas)
    for one in people.hearers:
        assert one.heard == one.expected(log[: one.heard[-1]])
        assert one.refused == []
        assert (one.followed > 0) == one.follows
        assert one.places == {gateway.url for gateway in people.replicas.gateways}


async def submissions(replicas: Replicas) -> int:
    async with replicas.store.transaction() as transaction:
        return int((await transaction.execute(text("select count(*) from submission"))).scalar_one())
