"""The messages of one subscription, and its place in the event log: exact at any time, also between two messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable

from canonical.events import Cursor, Logged
from gateway.subscription import Message
from workflows.hearing import Hearing


class Telling:
    """As an iterator of messages that knows its place (`Placed`)."""

    __slots__ = ("behind", "current", "hearing", "messages")

    def __init__(self, after: str | None) -> None:
        """Nothing is told yet; `messages` is set before anybody asks for one."""
        self.messages: AsyncGenerator[Message, None]
        self.behind = after
        """The cursor that was given, until `hearing` is there."""
        self.hearing: Hearing | None = None
        self.current: Logged | None = None
        """The event that is being answered, or whose answer is on its way."""

    @property
    def cursor(self) -> str | None:
        """Behind all that was told and all that is not for this subscriber; None where it has no place yet."""
        if self.current is not None:
            return before(self.current)
        place = self.hearing.place if self.hearing is not None else None
        return self.behind if place is None else str(place)

    def __aiter__(self) -> Telling:
        """Itself."""
        return self

    def __anext__(self) -> Awaitable[Message]:
        """The next message, from where it is made: whoever waits for it waits there."""
        return self.messages.__anext__()

    async def aclose(self) -> None:
        """End the subscription at once."""
        await self.messages.aclose()


def before(logged: Logged) -> str:
    """The cursor behind which the event itself is told."""
    return str(Cursor(logged.cursor.epoch, logged.cursor.position - 1))
