"""Sharing, places and breakers: what the client does so that a system is not asked too much."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from canonical.errors import Fault as OurFault
from canonical.errors import Refused, Throttled, Unavailable
from sources.kit.auth.fixed import bearer
from sources.kit.http.ask import Answer, Ask
from sources.kit.http.breaker import BreakerState
from sources.kit.sandbox.faults import Fault
from sources.landscape import Limits, Secret
from tests.sources.kit.http.pretend import AskAs, Clock, OpenClient, System, until

READ = Ask(path="/orders", operation="read orders")
OTHER = Ask(path="/invoices", operation="read invoices")
WRITE = Ask(method="POST", path="/orders", content=b"{}", operation="book order", safety="write")
BRITTLE = Limits(attempts=1, breaker_failures=3, breaker_window_seconds=20, breaker_rest_seconds=5)


async def test_identical_reads_in_flight_are_one_call(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    client = open_client()
    first, second = ask_as(), ask_as()

    answers = await asyncio.gather(client.send(first, READ), client.send(second, READ))
    answers[1].tell_rows(5)

    assert [answer.content for answer in answers] == [b'{"call": 1}', b'{"call": 1}']
    assert system.log.total == 1
    assert [(one.outcome, one.rows) for one in first.record.calls] == [("ok", 0)]
    assert [(one.outcome, one.rows) for one in second.record.calls] == [("shared", 5)]


async def test_reads_one_after_the_other_are_not_shared(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    client = open_client()

    await client.send(ask_as(), READ)
    await client.send(ask_as(), READ)

    assert system.log.total == 2


async def test_another_view_is_another_call(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    client = open_client()

    await asyncio.gather(
        client.send(ask_as(accounts=frozenset({"A"})), READ),
        client.send(ask_as(accounts=frozenset({"B"})), READ),
        client.send(ask_as(), READ),
    )

    assert system.log.total == 3


async def test_another_credential_is_another_call(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    system.good_tokens.add("second-token")
    one, other = open_client(), open_client(authorization=bearer(Secret("second-token")))

    await asyncio.gather(one.send(ask_as(), READ), other.send(ask_as(), READ))

    assert system.log.total == 2
    assert bearer(Secret("second-token")).identity != bearer(Secret("third-token")).identity


async def test_writes_and_reads_that_say_so_are_never_shared(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client()
    alone = Ask(path="/orders", operation="read orders", shareable=False)

    await asyncio.gather(*(client.send(ask_as(), ask) for ask in (WRITE, WRITE, alone, alone)))

    assert system.log.total == 4


@pytest.mark.parametrize("leaving", [0, 1])
async def test_a_waiter_that_is_cancelled_leaves_the_other_its_answer(
    leaving: int, system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client()
    system.gate.clear()
    asking = [asyncio.create_task(client.send(ask_as(), READ)) for _ in range(2)]
    await until(lambda: system.seen)

    asking[leaving].cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking[leaving]
    system.gate.set()

    assert (await asking[1 - leaving]).status == 200
    assert system.log.total == 1


async def test_the_last_waiter_takes_the_call_with_it(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    client = open_client(Limits(concurrency=1))
    system.gate.clear()
    before = asyncio.all_tasks()
    asking = [asyncio.create_task(client.send(ask_as(), READ)) for _ in range(2)]
    await until(lambda: system.seen)

    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    left_over = [task for task in asyncio.all_tasks() - before if "Shared" in repr(task) or "_run" in repr(task)]
    system.gate.set()

    assert left_over == []
    assert (await client.send(ask_as(), OTHER)).status == 200


async def test_a_fault_reaches_every_waiter_as_its_own(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    client = open_client(Limits(attempts=1))
    system.faults.add(Fault(kind="throttle", seconds=3))

    one, other = await asyncio.gather(client.send(ask_as(), READ), client.send(ask_as(), READ), return_exceptions=True)

    assert isinstance(one, Throttled)
    assert isinstance(other, Throttled)
    assert one is not other
    assert (one.retry_after, other.retry_after, system.log.total) == (3.0, 3.0, 1)


async def test_a_follower_with_time_left_asks_for_itself(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(attempts=1))
    system.gate.clear()
    leader = asyncio.create_task(client.send(ask_as(seconds=0.2), READ))
    follower = asyncio.create_task(client.send(ask_as(seconds=20), READ))

    with pytest.raises(Unavailable):
        await leader
    system.gate.set()

    assert (await follower).status == 200
    assert system.log.total == 2


async def test_a_follower_waits_no_longer_than_its_own_deadline(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(attempts=1))
    system.gate.clear()
    leader = asyncio.create_task(client.send(ask_as(seconds=20), READ))
    follower = asyncio.create_task(client.send(ask_as(seconds=0.2), READ))

    with pytest.raises(Unavailable):
        await follower
    system.gate.set()

    assert (await leader).status == 200


async def test_no_more_calls_at_once_than_allowed(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    client = open_client(Limits(concurrency=2))
    system.gate.clear()
    asks = [Ask(path=f"/orders/{number}", operation="read order") for number in range(6)]
    asking = [asyncio.create_task(client.send(ask_as(), ask)) for ask in asks]
    await until(lambda: system.busy == 2)
    for _ in range(50):
        await asyncio.sleep(0)

    system.gate.set()
    await asyncio.gather(*asking)

    assert (system.busiest, system.log.total) == (2, 6)


async def test_waiting_for_a_place_ends_with_the_deadline(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(concurrency=1))
    system.gate.clear()
    first = asyncio.create_task(client.send(ask_as(), READ))
    await until(lambda: system.seen)

    with pytest.raises(Unavailable, match="no time for this question"):
        await client.send(ask_as(seconds=0.1), OTHER)
    system.gate.set()

    assert (await first).status == 200


async def test_a_full_queue_refuses_at_once(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    client = open_client(Limits(concurrency=1))
    system.gate.clear()
    asks = [Ask(path=f"/orders/{number}", operation="read order") for number in range(33)]
    asking = [asyncio.create_task(client.send(ask_as(), ask)) for ask in asks]
    await until(lambda: system.seen)

    with pytest.raises(Unavailable, match="Too many questions"):
        await client.send(ask_as(), OTHER)
    system.gate.set()

    assert {answer.status for answer in await asyncio.gather(*asking)} == {200}


async def test_the_breaker_opens_rests_probes_and_closes(
    system: System, open_client: OpenClient, ask_as: AskAs, clock: Clock
) -> None:
    client = open_client(BRITTLE)
    system.faults.add(Fault(kind="status", status=503, times=3))
    for _ in range(3):
        with pytest.raises(Unavailable):
            await client.send(ask_as(), READ)

    with pytest.raises(Unavailable, match="left alone") as caught:
        await client.send(ask_as(), READ)
    assert (caught.value.retry_after, system.log.total) == (5.0, 3)
    assert [(one.kind, one.state) for one in client.health] == [
        ("read", BreakerState.OPEN),
        ("write", BreakerState.CLOSED),
    ]
    assert (await client.send(ask_as(), WRITE)).status == 200

    clock.at += 5
    states = [client.health[0].state]
    assert (await client.send(ask_as(), READ)).status == 200
    states.append(client.health[0].state)
    assert states == [BreakerState.HALF_OPEN, BreakerState.CLOSED]


async def test_half_open_lets_one_probe_through_and_its_failure_opens_again(
    system: System, open_client: OpenClient, ask_as: AskAs, clock: Clock
) -> None:
    client = open_client(BRITTLE)
    system.faults.add(Fault(kind="status", status=503, times=4))
    for _ in range(3):
        with pytest.raises(Unavailable):
            await client.send(ask_as(), READ)
    clock.at += 5

    system.gate.clear()
    told = await asyncio.gather(
        *(client.send(ask_as(), Ask(path=f"/{one}", operation="read")) for one in range(4)), return_exceptions=True
    )

    assert [type(one).__name__ for one in told] == ["Unavailable", "CutOff", "CutOff", "CutOff"]
    assert (client.health[0].state, system.log.total) == (BreakerState.OPEN, 4)


async def test_a_probe_that_is_cancelled_gives_its_place_away(
    system: System, open_client: OpenClient, ask_as: AskAs, clock: Clock
) -> None:
    client = open_client(BRITTLE)
    system.faults.add(Fault(kind="status", status=503, times=3))
    for _ in range(3):
        with pytest.raises(Unavailable):
            await client.send(ask_as(), READ)
    clock.at += 5
    system.gate.clear()
    probe = asyncio.create_task(client.send(ask_as(), READ))
    await until(lambda: system.seen)

    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    system.gate.set()

    assert (await client.send(ask_as(), OTHER)).status == 200


async def test_a_fault_inside_a_good_answer_counts(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    def translate(answer: Answer) -> OurFault | None:
        return Unavailable("northwind", "Locked.") if b"locked" in answer.content else None

    system.answers = lambda _: (200, b'{"error": "locked"}')
    client = open_client(BRITTLE, translate=translate)
    for _ in range(3):
        with pytest.raises(Unavailable, match="Locked"):
            await client.send(ask_as(), READ)

    assert client.health[0].state is BreakerState.OPEN


async def test_refusals_do_not_open_the_breaker(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    client = open_client(BRITTLE)
    system.faults.add(Fault(kind="status", status=400))
    for _ in range(5):
        with pytest.raises(Refused):
            await client.send(ask_as(), READ)

    assert client.health[0].state is BreakerState.CLOSED


async def test_failures_that_are_few_among_many_do_not_open_the_breaker(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(BRITTLE)
    for number in range(12):
        if number % 4 == 3:
            system.faults.add(Fault(kind="status", status=503, times=1))
        await asyncio.gather(client.send(ask_as(), READ), return_exceptions=True)

    assert (client.health[0].state, system.log.total) == (BreakerState.CLOSED, 12)


async def test_failures_that_lie_far_apart_do_not_open_the_breaker(
    system: System, open_client: OpenClient, ask_as: AskAs, clock: Clock
) -> None:
    client = open_client(BRITTLE)
    system.faults.add(Fault(kind="status", status=503))
    for _ in range(6):
        await asyncio.gather(client.send(ask_as(), READ), return_exceptions=True)
        clock.at += 15

    assert client.health[0].state is BreakerState.CLOSED


async def test_a_hurried_question_that_runs_out_of_time_does_not_blame_the_system(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(attempts=1, breaker_failures=1, timeout_seconds=3))
    system.gate.clear()

    with pytest.raises(Unavailable):
        await client.send(ask_as(seconds=0.05), READ)

    assert client.health[0].state is BreakerState.CLOSED


async def test_bulk_work_leaves_half_of_the_places_to_people(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(concurrency=2))
    system.gate.clear()
    bulk = [
        asyncio.create_task(
            client.send(replace(ask_as(), urgency="bulk"), Ask(path=f"/bulk/{one}", operation="read order"))
        )
        for one in range(3)
    ]
    await until(lambda: system.busy == 1)

    person = asyncio.create_task(client.send(ask_as(), READ))
    await until(lambda: system.busy == 2)
    system.gate.set()

    assert (await person).status == 200
    assert {answer.status for answer in await asyncio.gather(*bulk)} == {200}
