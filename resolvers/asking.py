"""Asking several systems side by side, where one that fails costs only its own part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from canonical.errors import Fault, Mistake

K = TypeVar("K")
V = TypeVar("V")


async def side_by_side(questions: Mapping[K, Awaitable[V]]) -> dict[K, V | Fault]:
    """Each question's answer, or the Fault that kept it from one. Any other exception ends them all, as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = {key: group.create_task(_answer(question)) for key, question in questions.items()}
    except* Mistake as wrong:
        raise _first(wrong) from wrong
    return {key: task.result() for key, task in tasks.items()}


async def both(one: Awaitable[K], other: Awaitable[V]) -> tuple[K, V]:
    """The outcomes of two questions asked side by side, of which neither raises a Fault."""
    async with asyncio.TaskGroup() as group:
        first, second = group.create_task(_awaited(one)), group.create_task(_awaited(other))
    return first.result(), second.result()


async def _awaited(question: Awaitable[V]) -> V:
    return await question


def _first(group: BaseExceptionGroup[Mistake]) -> Mistake:
    """The first Mistake of a group: the asker is told of one, and not that several questions ran."""
    held = group.exceptions[0]
    return _first(held) if isinstance(held, BaseExceptionGroup) else held


async def _answer(question: Awaitable[V]) -> V | Fault:
    try:
        return await question
    except Fault as fault:
        return fault


def split(answers: Mapping[K, V | Fault]) -> tuple[dict[K, V], dict[K, Fault]]:
    """The good answers and the faults."""
    good = {key: answer for key, answer in answers.items() if not isinstance(answer, Fault)}
    return good, {key: answer for key, answer in answers.items() if isinstance(answer, Fault)}
