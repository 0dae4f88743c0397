from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from canonical.principal import Principal
from gateway.expiring import Expiring
from gateway.operating import Once
from gateway.request import GraphQLRequest
from gateway.subscription import Caller, EndedError, Message, Placed

ASKED = GraphQLRequest("anything", None, {}, {})
STREAM_ENDS = 1000.0


def caller(expires_at: float) -> Caller:
    return Caller(Principal("ann", "acme", "app", frozenset()), expires_at, "deal-7")


class Telling:
    """Messages that were written down, and then none; where they stand, and whether they were closed."""

    def __init__(self, *told: bytes | Message) -> None:
        self.cursor, self.closed = "7", False
        self._left = [one if isinstance(one, Message) else Message(one) for one in told]

    def __aiter__(self) -> Telling:
        return self

    async def __anext__(self) -> Message:
        if not self._left:
            await asyncio.Event().wait()
        return self._left.pop(0)

    async def aclose(self) -> None:
        self.closed = True


class Answers:
    """Gives the same messages to everybody, and counts who asked."""

    def __init__(self, messages: AsyncIterator[Message]) -> None:
        self.messages, self.asked = messages, 0

    async def __call__(self, asked: GraphQLRequest, caller: Caller, after: str | None = None) -> AsyncIterator[Message]:
        self.asked += 1
        return self.messages


async def test_a_subscription_tells_until_its_token_ends_and_is_closed_by_whoever_asked() -> None:
    telling, now = Telling(b"1", b"2"), 100.0
    messages = await Expiring(Answers(telling), STREAM_ENDS, lambda: now)(ASKED, caller(100.05))

    assert [(await anext(messages)).body for _ in range(2)] == [b"1", b"2"]
    with pytest.raises(EndedError, match="has expired") as ended:
        await anext(messages)
    await messages.aclose()  # type: ignore[attr-defined] # what is closed has this

    assert (ended.value.code, ended.value.again, telling.closed) == ("TOKEN_EXPIRED", True, True)


async def test_a_subscription_is_told_no_event_that_waited_until_its_token_had_ended() -> None:
    now = [100.0]
    messages = await Expiring(Answers(Telling(b"1")), STREAM_ENDS, lambda: now[0])(ASKED, caller(200.0))

    now[0] = 200.0

    with pytest.raises(EndedError, match="has expired"):
        await anext(messages)


async def test_a_subscription_keeps_its_place_in_the_log() -> None:
    messages = await Expiring(Answers(Telling()), STREAM_ENDS, lambda: 100.0)(ASKED, caller(200.0))

    assert isinstance(messages, Placed)
    assert messages.cursor == "7"


@pytest.mark.parametrize("expires_at", [STREAM_ENDS, STREAM_ENDS + 1])
async def test_what_the_stream_itself_ends_has_no_timer_of_its_own(expires_at: float) -> None:
    telling = Telling()

    assert await Expiring(Answers(telling), STREAM_ENDS, lambda: 100.0)(ASKED, caller(expires_at)) is telling


async def test_an_answer_that_comes_once_is_not_cut_short() -> None:
    once = Once(Message(b"{}"))

    assert await Expiring(Answers(once), STREAM_ENDS, lambda: 100.0)(ASKED, caller(200.0)) is once


async def test_what_waited_for_its_stream_until_its_token_had_ended_is_not_executed() -> None:
    answers = Answers(Once(Message(b"{}")))

    with pytest.raises(EndedError, match="has expired"):
        await Expiring(answers, STREAM_ENDS, lambda: 200.0)(ASKED, caller(200.0))

    assert answers.asked == 0


async def test_a_message_that_was_sent_is_not_told_again_after_its_token_ended() -> None:
    now = [100.0]
    messages = await Expiring(Answers(Telling(Message(b"8", "8"))), STREAM_ENDS, lambda: now[0])(ASKED, caller(200.0))

    sent = await anext(messages)
    now[0] = 200.0
    with pytest.raises(EndedError) as ended:
        await anext(messages)

    assert (sent.cursor, ended.value.cursor) == ("8", "8")
