"""Loads by key: each key is fetched once an operation, however many fields ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TypeVar

from aiodataloader import DataLoader

from canonical.errors import Fault
from resolvers.context import Context

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


async def load_all(
    context: Context, name: Hashable, fetch: Callable[[Sequence[K]], Awaitable[Sequence[V | Fault]]], keys: Sequence[K]
) -> list[V | Fault]:
    """One answer a key, in the keys' order. `fetch` gets the keys of all askers that no one has fetched yet.

    A Fault that `fetch` raises is the answer of each of its keys.
    """

    async def many(asked: list[K]) -> list[V | Fault]:
        try:
            return list(await fetch(asked))
        except Fault as fault:
            return [fault] * len(asked)

    loader: DataLoader[K, V | Fault] = context.loader(name, lambda: DataLoader(many))
    # The loader's own futures, and no task around each: a page loads hundreds of keys, and they come together.
    futures = [loader.load(key) for key in keys]
    try:
        return [await _told(future) for future in futures]
    except BaseException:
        for future in futures:
            future.add_done_callback(_looked_at)
        raise


async def _told(future: asyncio.Future[V | Fault]) -> V | Fault:
    try:
        return await future
    except Fault as fault:
        return fault


def _looked_at(future: asyncio.Future[V]) -> None:
    """What ended the load is raised once already; nobody waits for the same of its other keys."""
    if not future.cancelled():
        future.exception()
