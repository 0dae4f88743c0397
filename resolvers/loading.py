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
    return await asyncio.gather(*[_value(loader, key) for key in keys])


async def _value(loader: DataLoader[K, V | Fault], key: K) -> V | Fault:
    try:
        return await loader.load(key)
    except Fault as fault:
        return fault
