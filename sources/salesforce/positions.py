"""How far what was changed is known: texts that mean something to this folder alone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct


class Place(Struct, frozen=True):
    """How far a topic was read: behind a replay id or, as long as none is known, since an instant (ms since 1970)."""

    replay_id: bytes = b""
    since: int = 0


class Mark(Struct, frozen=True, array_like=True):
    """How far an object was asked for: rows stamped at `at` or later, of those at `at` the ones behind `key`."""

    at: datetime
    key: str = ""


class Look(Struct, frozen=True):
    """How far a look at what was changed has come; `again`: where the next begins, once this one is through."""

    marks: dict[str, Mark]
    again: datetime | None = None


_PLACES: Final = msgspec.json.Decoder(dict[str, str | int])
_LOOK: Final = msgspec.json.Decoder(Look)


def places_in(position: str) -> dict[str, Place]:
    """The place of each topic; ValueError for a text that is no position of the event bus."""
    try:
        held = _PLACES.decode(position)
        return {
            topic: Place(since=told) if isinstance(told, int) else Place(base64.b64decode(told, validate=True))
            for topic, told in held.items()
        }
    except (msgspec.DecodeError, binascii.Error) as error:
        raise ValueError("this is no position of the event bus") from error


def position_of(places: Mapping[str, Place]) -> str:
    """The text that `places_in` reads."""
    told = {
        topic: base64.b64encode(place.replay_id).decode() if place.replay_id else place.since
        for topic, place in places.items()
    }
    return msgspec.json.encode(told).decode()


def look_in(position: str) -> Look:
    """The look that goes on; ValueError for a text that is no position of the polling."""
    try:
        return _LOOK.decode(position)
    except msgspec.DecodeError as error:
        raise ValueError("this is no position in what was changed") from error


def position_in(look: Look) -> str:
    """The text that `look_in` reads."""
    return msgspec.json.encode(look).decode()
