"""Which reads in flight are one call: the same question for the same rights, whoever asks."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from canonical.errors import Unavailable
from canonical.principal import Principal, View
from sources.kit.call import Call
from sources.kit.http.ask import Ask
from sources.landscape import Limits
from tests.sources.kit.http.pretend import AskAs, OpenClient, System, until

READ = Ask(
    method="POST",
    path="/search",
    query=(("limit", "5"),),
    headers=(("accept-language", "en"),),
    content=b"{}",
    operation="search orders",
)
BEN = Principal("ben", "acme", "mobile", frozenset({"orders:read"}))


def as_ben(call: Call) -> Call:
    return replace(call, principal=BEN, correlation_id="cid-of-ben", traceparent="00-cc-dd-01")


@pytest.mark.parametrize("rights", [View(), View(frozenset({"DE01"}), frozenset({"A", "B"}))])
async def test_two_people_of_equal_rights_share_one_call(
    rights: View, system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client()
    annas = replace(ask_as(), view=rights)
    bens = as_ben(replace(ask_as(), view=View(rights.legal_entities, rights.accounts)))

    answers = await asyncio.gather(client.send(annas, READ), client.send(bens, READ))

    assert [answer.content for answer in answers] == [b'{"call": 1}'] * 2
    assert [one.outcome for call in (annas, bens) for one in call.record.calls] == ["ok", "shared"]


@pytest.mark.parametrize(
    "one,other",
    [
        (View(), View(accounts=frozenset())),
        (View(), View(legal_entities=frozenset())),
        (View(accounts=frozenset({"A"})), View(accounts=frozenset({"A", "B"}))),
        (View(accounts=frozenset({"A"})), View(legal_entities=frozenset({"A"}))),
        (View(legal_entities=frozenset({"DE01"})), View(legal_entities=frozenset({"US01"}))),
    ],
)
async def test_people_of_different_rights_never_share(
    one: View, other: View, system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client()

    await asyncio.gather(*(client.send(replace(ask_as(), view=view), READ) for view in (one, other)))

    assert system.log.total == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(READ, method="PUT"),
        replace(READ, path="/find"),
        replace(READ, query=(("limit", "6"),)),
        replace(READ, headers=(("accept-language", "de"),)),
        replace(READ, content=b"[]"),
    ],
    ids=["method", "path", "query", "headers", "content"],
)
async def test_another_question_is_another_call(
    other: Ask, system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client()

    await asyncio.gather(client.send(ask_as(), READ), client.send(ask_as(), other))

    assert system.log.total == 2


async def test_the_same_question_in_other_words_for_the_log_is_one_call(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client()

    await asyncio.gather(client.send(ask_as(), READ), client.send(ask_as(), replace(READ, operation="find orders")))

    assert system.log.total == 1


async def test_a_follower_with_a_shorter_deadline_leaves_alone(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(attempts=1))
    system.gate.clear()
    leader, hurried, patient = (
        asyncio.create_task(client.send(ask_as(seconds=seconds), READ)) for seconds in (20, 0.1, 20)
    )

    with pytest.raises(Unavailable, match="did not answer in time"):
        await hurried
    system.gate.set()

    assert [answer.content for answer in await asyncio.gather(leader, patient)] == [b'{"call": 1}'] * 2
    assert system.log.total == 1


async def test_a_leader_that_is_cancelled_leaves_all_followers_the_one_call(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(concurrency=1))
    system.gate.clear()
    leader, *followers = [asyncio.create_task(client.send(ask_as(), READ)) for _ in range(5)]
    await until(lambda: system.seen)

    leader.cancel()
    await asyncio.gather(leader, return_exceptions=True)
    late = asyncio.create_task(client.send(ask_as(), READ))
    await asyncio.sleep(0)
    system.gate.set()

    assert {answer.content for answer in await asyncio.gather(*followers, late)} == {b'{"call": 1}'}
    assert system.log.total == 1


async def test_sharing_can_be_switched_off_to_measure_it(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(share_reads=False))
    calls = [ask_as() for _ in range(3)]

    await asyncio.gather(*(client.send(call, READ) for call in calls))

    assert system.log.total == 3
    assert [one.outcome for call in calls for one in call.record.calls] == ["ok"] * 3
