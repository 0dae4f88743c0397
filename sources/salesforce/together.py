"""Questions of one asker that come in the same turn of the loop, sent as one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sources.kit.call import Call

Q = TypeVar("Q")
A = TypeVar("A")


class _Turn(Generic[Q, A]):
    """What was asked in one turn, and the answers that its first asker brings for all."""

    def __init__(self) -> None:
        self.questions: list[Q] = []
        self.answers: asyncio.Future[Sequence[A]] = asyncio.get_running_loop().create_future()


class Together(Generic[Q, A]):
    """Collects the questions of a call for one turn of the loop; `send` answers as many, in their order.

    The first asker sends for all. A fault that `send` raises is everybody's, as the platform answers them as one.
    """

    def __init__(self, send: Callable[[Call, Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        """Keep the way to send; nothing is held between turns."""
        self._send = send
        self._turns: dict[int, _Turn[Q, A]] = {}

    async def ask(self, call: Call, questions: Sequence[Q]) -> Sequence[A]:
        """The answers to these questions."""
        turn = self._turns.get(id(call))
        if turn is None:
            return (await self._lead(call, questions))[: len(questions)]
        start = len(turn.questions)
        turn.questions += questions
        answers = await asyncio.shield(turn.answers)
        return answers[start : start + len(questions)]

    async def _lead(self, call: Call, questions: Sequence[Q]) -> Sequence[A]:
        turn = self._turns[id(call)] = _Turn()
        turn.questions += questions
        try:
            await asyncio.sleep(0)
        finally:
            del self._turns[id(call)]
        try:
            answers = await self._send(call, turn.questions)
        except BaseException as error:
            if len(turn.questions) > len(questions):
                _fail(turn.answers, error)
            raise
        turn.answers.set_result(answers)
        return answers


def _fail(answers: asyncio.Future[Sequence[A]], error: BaseException) -> None:
    if isinstance(error, asyncio.CancelledError):
        answers.cancel()
    else:
        answers.set_exception(error)
