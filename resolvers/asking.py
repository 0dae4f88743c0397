"""Asking several systems side by side, where one that fails costs only its own part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from canonical.errors import Fault

K = TypeVar("K")
V = TypeVar("V")


async def side_by_side(questions: Mapping[K, Awaitable[V]]) -> dict[K, V | Fault]:
    """Each question's answer, or the Fault that kept it from one. Any other exception ends them all."""
    async with asyncio.TaskGroup() as group:
        tasks = {key: group.create_task(_answer(question)) for key, question in questions.items()}
    return {key: task.result() for key, task in tasks.items()}


async def _answer(question: Awaitable[V]) -> V | Fault:
    try:
        return await question
    except Fault as fault:
        return fault


def split(answers: Mapping[K, V | Fault]) -> tuple[dict[K, V], dict[K, Fault]]:
    """The good answers and the faults."""
    good = {key: answer for key, answer in answers.items() if not isinstance(answer, Fault)}
    return good, {key: answer for key, answer in answers.items() if isinstance(answer, Fault)}
