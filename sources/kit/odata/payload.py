"""Version 2 and version 4 JSON around the rows, decoded straight into the vendor's own structs."""

from __future__ import annotations

from typing import Generic, TypeVar
from urllib.parse import unquote

import msgspec
from msgspec import Struct

T = TypeVar("T")


class Rows(Struct, Generic[T], frozen=True):
    """A version 2 collection: the rows, and the address of the next page if the server cut this one."""

    results: list[T]
    next: str | None = msgspec.field(default=None, name="__next")
    count: str | None = msgspec.field(default=None, name="__count")


class Collection(Struct, Generic[T], frozen=True):
    """A version 2 answer that holds a collection."""

    d: Rows[T]


class Entity(Struct, Generic[T], frozen=True):
    """A version 2 answer that holds one entity."""

    d: T


class Expanded(Struct, Generic[T], frozen=True):
    """Expanded rows below an entity; empty where the navigation was not expanded (it is then `__deferred`)."""

    results: list[T] = []


class Values(Struct, Generic[T], frozen=True):
    """A version 4 collection."""

    value: list[T]
    next: str | None = msgspec.field(default=None, name="@odata.nextLink")


def following(link: str, service: str) -> str:
    """A page link relative to the service root, whatever host the server believes to have.

    Servers behind a proxy name themselves; credentials go only where the landscape says. ValueError where the link
    leads out of the service.
    """
    path, question, query = link.partition("?")
    _, mark, below = unquote(path).rpartition(f"/{service}/")
    if mark:
        return below + question + query
    if "://" in link or link.startswith("/"):
        raise ValueError("a page link that leads out of the service")
    return link
