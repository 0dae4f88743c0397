from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from canonical.principal import Principal
from gateway.connections import GoneError
from gateway.operating import Once
from gateway.operations import Operations, Said
from gateway.request import GraphQLRequest, RefusedError
from gateway.subscription import Caller, EndedError, Message

CALLER = Caller(Principal("ann", "acme", "app", frozenset()), 9e9, "deal-7")
ASKED = GraphQLRequest("anything", None, {}, {})


@dataclass
class Told:
    """An outlet that keeps what it is told; `gone` makes it one without a client."""

    said: list[tuple[str, ...]] = field(default_factory=list)
    gone: bool = False

    def opening(self, id: str) -> str:
        return id

    async def next(self, id: str, message: Message) -> None:
        self._keep("next", id, message.body.decode())

    async def failed(self, id: str, said: Said) -> None:
        self._keep("failed", id, said[0]["extensions"]["code"])

    async def ended(self, id: str, ended: EndedError, said: Said) -> None:
        self._keep("ended", id, ended.code, str(ended.cursor))

    async def complete(self, id: str) -> None:
        self._keep("complete", id)

    def _keep(self, *said: str) -> None:
        if self.gone:
            raise GoneError
        self.said.append(said)


class Answers:
    """Answers that wait for their test: `ready` lets the operation begin, `messages` are then told."""

    def __init__(self, messages: AsyncIterator[Message] | Exception) -> None:
        self.ready = asyncio.Event()
        self.carried_out = False
        self.messages = messages

    async def __call__(self, asked: GraphQLRequest, caller: Caller, after: str | None = None) -> AsyncIterator[Message]:
        await self.ready.wait()
        self.carried_out = True
        if isinstance(self.messages, Exception):
            raise self.messages
        return self.messages


class Endless:
    """Messages that never come, and whether somebody still waits for them."""

    closed = False

    def __aiter__(self) -> Endless:
        return self

    async def __anext__(self) -> Message:
        await asyncio.Event().wait()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.closed = True


async def begun(group: asyncio.TaskGroup, answers: Answers, outlet: Told) -> Operations:
    operations = Operations(answers, outlet, group, most=2)
    operations.begin("1", ASKED, CALLER)
    await asyncio.sleep(0)
    return operations


async def test_a_mutation_that_is_wanted_no_more_is_carried_out_and_not_told() -> None:
    answers, outlet = Answers(Once(Message(b"{}"))), Told()
    async with asyncio.TaskGroup() as group:
        operations = await begun(group, answers, outlet)
        operations.stop("1")
        answers.ready.set()

    assert (answers.carried_out, outlet.said) == (True, [])


async def test_a_mutation_whose_client_is_gone_is_carried_out() -> None:
    answers, outlet = Answers(Once(Message(b"{}"))), Told(gone=True)
    async with asyncio.TaskGroup() as group:
        operations = await begun(group, answers, outlet)
        assert operations.cut() == {}
        answers.ready.set()
        await operations.finish(10)

    assert answers.carried_out


async def test_an_answer_under_way_is_told_also_after_the_subscriptions_were_cut() -> None:
    answers, outlet = Answers(Once(Message(b"{}"))), Told()
    async with asyncio.TaskGroup() as group:
        operations = await begun(group, answers, outlet)
        operations.cut()
        answers.ready.set()

    assert outlet.said == [("next", "1", "{}"), ("complete", "1")]


async def test_a_subscription_that_begins_after_the_cut_is_closed_without_a_word() -> None:
    messages = Endless()
    answers, outlet = Answers(messages), Told()
    async with asyncio.TaskGroup() as group:
        operations = await begun(group, answers, outlet)
        operations.cut()
        answers.ready.set()

    assert (messages.closed, outlet.said) == (True, [])


@pytest.mark.parametrize("end", ["stop", "cut"])
async def test_a_subscription_ends_at_once_and_closes_its_messages(end: str) -> None:
    messages = Endless()
    answers, outlet = Answers(messages), Told()
    answers.ready.set()
    async with asyncio.TaskGroup() as group:
        operations = await begun(group, answers, outlet)
        await asyncio.sleep(0)
        if end == "stop":
            operations.stop("1")
        else:
            assert operations.cut() == {"1": None}
        assert "1" not in operations

    assert (messages.closed, outlet.said) == (True, [])


async def test_what_does_not_begin_in_time_is_given_up() -> None:
    outlet = Told()
    async with asyncio.TaskGroup() as group:
        operations = await begun(group, Answers(Endless()), outlet)
        operations.cut()
        await operations.finish(0.01)

    assert outlet.said == []


@pytest.mark.parametrize(
    "error,told",
    [
        (RefusedError(503, "NOT_NOW", "Not now."), ("failed", "1", "NOT_NOW")),
        (KeyError("hunter2"), ("failed", "1", "INTERNAL")),
        (EndedError("CURSOR_UNKNOWN", "Which?", again=False), ("ended", "1", "CURSOR_UNKNOWN", "None")),
        (OSError("the database is gone"), ("failed", "1", "INTERNAL")),
    ],
)
async def test_what_does_not_begin_says_why_and_nothing_else(error: Exception, told: tuple[Any, ...]) -> None:
    answers, outlet = Answers(error), Told()
    answers.ready.set()
    async with asyncio.TaskGroup() as group:
        await begun(group, answers, outlet)

    assert outlet.said == [told]


async def test_operations_are_bounded_also_by_those_that_are_wanted_no_more() -> None:
    answers, outlet = Answers(Once(Message(b"{}"))), Told()
    async with asyncio.TaskGroup() as group:
        operations = await begun(group, answers, outlet)
        operations.begin("2", ASKED, CALLER)
        operations.stop("1")

        with pytest.raises(RefusedError, match="has 2 operations under way"):
            operations.begin("3", ASKED, CALLER)

        answers.ready.set()
