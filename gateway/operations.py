"""The operations under way over one connection: each begins, tells, and ends in exactly one way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Protocol

from graphql import GraphQLError

from engine.documents import WrongDocumentError
from gateway import errors
from gateway.connections import GoneError
from gateway.operating import Once
from gateway.request import GraphQLRequest, RefusedError
from gateway.subscription import Caller, EndedError, Message, Operate, Placed

Said = list[dict[str, Any]]


class Outlet(Protocol):
    """How a transport tells what becomes of an operation. Each may raise GoneError."""

    def opening(self, id: str) -> str:
        """What each message of an operation begins with, made once."""

    async def next(self, opening: str, message: Message) -> None:
        """One more message; returns when the next may come."""

    async def failed(self, id: str, said: Said) -> None:
        """It did not begin, or broke: these errors are its last word."""

    async def ended(self, id: str, ended: EndedError, said: Said) -> None:
        """It was ended, with or without a chance to be taken up again; `said` is that as errors."""

    async def complete(self, id: str) -> None:
        """It has said everything."""


class _Running:
    __slots__ = ("cursor", "placed", "stopped", "streams", "task")

    def __init__(self, cursor: str | None) -> None:
        self.cursor = cursor
        # Whoever knows better than the last message where it stands.
        self.placed: Placed | None = None
        # Whether it is known to be a subscription: until it has begun it may be a mutation, which is never cut short.
        self.streams = False
        self.stopped = False
        self.task: asyncio.Task[None] | None = None

    @property
    def place(self) -> str | None:
        """The cursor behind which it can be taken up again."""
        return (self.placed.cursor if self.placed else None) or self.cursor


class Operations:
    """Those of one connection, at most `most` at a time; each is one task of the connection's group."""

    __slots__ = ("_by_id", "_cut", "_group", "_most", "_operate", "_outlet", "_tasks")

    def __init__(self, operate: Operate, outlet: Outlet, group: asyncio.TaskGroup, most: int) -> None:
        self._operate, self._outlet, self._group, self._most = operate, outlet, group, most
        self._by_id: dict[str, _Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._cut = False

    def __contains__(self, id: str) -> bool:
        """Whether an operation of this id is under way."""
        return id in self._by_id

    def begin(self, id: str, asked: GraphQLRequest, caller: Caller, after: str | None = None) -> None:
        """Begin one under an id that is free. RefusedError where there are too many."""
        if len(self._tasks) >= self._most:
            raise RefusedError(
                429, "TOO_MANY_OPERATIONS", f"This connection has {self._most} operations under way; end one first."
            )
        running = self._by_id[id] = _Running(after or _after(asked))
        running.task = self._group.create_task(self._run(id, running, asked, caller))
        self._tasks.add(running.task)

    def stop(self, id: str) -> None:
        """The client wants no more of it, and is told no more. A mutation under way is carried out nevertheless."""
        running = self._by_id.pop(id, None)
        if running is not None:
            running.stopped = True
            if running.streams and running.task:
                running.task.cancel()

    def cut(self) -> dict[str, str | None]:
        """End every subscription here and now; by id, the cursor behind which it can be taken up again."""
        self._cut = True
        cursors = {name: running.place for name, running in self._by_id.items() if running.streams}
        for name in cursors:
            self.stop(name)
        return cursors

    async def finish(self, seconds: float) -> None:
        """Wait for the answers that are still to come, but no longer."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()

    async def _run(self, id: str, running: _Running, asked: GraphQLRequest, caller: Caller) -> None:
        try:
            await self._carry_out(id, running, asked, caller)
        except GoneError:
            # The connection learns by itself that its client is gone.
            pass
        finally:
            self._release(id, running)
            if running.task:
                self._tasks.discard(running.task)

    async def _carry_out(self, id: str, running: _Running, asked: GraphQLRequest, caller: Caller) -> None:
        try:
            await self._pass_on(id, running, await self._operate(asked, caller, running.cursor))
        except GoneError:
            raise
        except EndedError as ended:
            running.cursor = ended.cursor = ended.cursor or running.place
            running.placed = None
            if not running.stopped:
                await self._outlet.ended(id, ended, [errors.ended(ended, caller.correlation_id)])
        except Exception as error:  # noqa: BLE001 - the last place to mask what must not be told
            said = _said(error, caller.correlation_id)
            if self._release(id, running):
                await self._outlet.failed(id, said)
        else:
            # The id is free before the client is told so.
            if self._release(id, running):
                await self._outlet.complete(id)

    async def _pass_on(self, id: str, running: _Running, messages: AsyncIterator[Message]) -> None:
        running.streams = not isinstance(messages, Once)
        if running.streams and self._cut:
            self._release(id, running)
        opening, outlet = self._outlet.opening(id), self._outlet
        try:
            if isinstance(messages, Placed):
                running.placed = messages
            while not running.stopped:
                message = await anext(messages, None)
                if message is None or running.stopped:
                    return
                await outlet.next(opening, message)
                running.cursor = message.cursor or running.cursor
        finally:
            await _close(messages)

    def _release(self, id: str, running: _Running) -> bool:
        """Give its id back; whether it still had it, so that it may still say something."""
        if self._by_id.get(id) is not running:
            running.stopped = True
            return False
        del self._by_id[id]
        running.stopped = True
        return True


def _after(asked: GraphQLRequest) -> str | None:
    """`extensions.after` of a request: the cursor to go on behind, on transports that have no header for it."""
    after = asked.extensions.get("after")
    return after if isinstance(after, str) and after else None


def _said(error: Exception, correlation_id: str) -> Said:
    if isinstance(error, WrongDocumentError):
        return errors.refused(error.errors, error.code, correlation_id)
    if isinstance(error, RefusedError):
        return errors.refused([GraphQLError(str(error))], error.code, correlation_id)
    return [errors.internal(error, correlation_id)]


async def _close(messages: AsyncIterator[Message]) -> None:
    aclose = getattr(messages, "aclose", None)
    if aclose is not None:
        await aclose()
