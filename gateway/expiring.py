"""Operations over one stream, each asked with a token of its own: it ends with that one, where it is the sooner."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from gateway.operating import Once
from gateway.request import GraphQLRequest
from gateway.subscription import Caller, EndedError, Message, Operate, Placed

TOKEN_EXPIRED: Final = "TOKEN_EXPIRED"  # noqa: S105 - a code for programs
EXPIRED: Final = "The token of this request has expired; ask again with a fresh one, and go on behind the cursor."
Clock = Callable[[], float]


class Expiring:
    """Answers operations over a stream that ends at `ends` by itself, in seconds since 1970.

    Messages raise EndedError TOKEN_EXPIRED when the token they were asked with has ended before that. What is asked
    with a token that had ended while it waited for its stream is not executed; what is being executed is not cut short.
    """

    __slots__ = ("_clock", "_ends", "_operate")

    def __init__(self, operate: Operate, ends: float, clock: Clock = time.time) -> None:
        """Nothing is asked yet."""
        self._operate, self._ends, self._clock = operate, ends, clock

    async def __call__(self, asked: GraphQLRequest, caller: Caller, after: str | None = None) -> AsyncIterator[Message]:
        """As promised by `Operate`."""
        if self._clock() >= caller.expires_at:
            raise expired()
        messages = await self._operate(asked, caller, after)
        if isinstance(messages, Once) or caller.expires_at >= self._ends:
            return messages
        return _Until(messages, caller.expires_at, self._clock)


def expired(cursor: str | None = None) -> EndedError:
    """Why an operation, or all of a stream, ends with its token."""
    return EndedError(TOKEN_EXPIRED, EXPIRED, cursor)


class _Until:
    """The messages of a subscription until an instant, and its place in the log."""

    __slots__ = ("_clock", "_last", "_messages", "_until")

    def __init__(self, messages: AsyncIterator[Message], until: float, clock: Clock) -> None:
        self._messages, self._until, self._clock = messages, until, clock
        self._last: str | None = None

    @property
    def cursor(self) -> str | None:
        """Where the messages themselves say that they are; None where they do not know."""
        return self._messages.cursor if isinstance(self._messages, Placed) else None

    def __aiter__(self) -> _Until:
        """Itself."""
        return self

    async def __anext__(self) -> Message:
        left = self._until - self._clock()
        if left <= 0:
            # Whoever asks for the next message has sent the last one.
            raise expired(self._last or self.cursor)
        timer = asyncio.timeout(left)
        try:
            async with timer:
                message = await anext(self._messages)
                self._last = message.cursor
                return message
        except TimeoutError as late:
            if not timer.expired():
                raise
            raise expired() from late

    async def aclose(self) -> None:
        """End the subscription at once."""
        aclose = getattr(self._messages, "aclose", None)
        if aclose is not None:
            await aclose()
