"""Positions in connections, as opaque words: where each stream of a list was left."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime

import orjson

from canonical.errors import Mistake
from sources.ports import Position


def bad_cursor() -> Mistake:
    """A new Mistake each time: a shared one would gather the frames of every place that raised it."""
    return Mistake("BAD_CURSOR", "This cursor was not given by this list. Start again without one.")


def encode(words: object) -> str:
    """Any JSON value as one opaque word."""
    return urlsafe_b64encode(orjson.dumps(words)).decode().rstrip("=")


def decode(cursor: str) -> object:
    """The value that `encode` was given; a Mistake with code BAD_CURSOR for anything else."""
    try:
        value: object = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise bad_cursor() from None
    return value


def encode_positions(kind: str, positions: Mapping[str, Position]) -> str:
    """The cursor of a list over several streams; a stream that is not in it starts at its newest record."""
    return encode([kind, {name: [at.at.isoformat(), at.key] for name, at in positions.items()}])


def decode_positions(kind: str, cursor: str | None) -> dict[str, Position]:
    """The positions of a cursor of this kind of list; none without a cursor."""
    if cursor is None:
        return {}
    match decode(cursor):
        case [str(found), dict(streams)] if found == kind:
            return {str(name): position(value) for name, value in streams.items()}
        case _:
            raise bad_cursor()


def instant(text: str) -> datetime:
    """The aware instant that a cursor holds; a Mistake with code BAD_CURSOR for any other text."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise bad_cursor() from None
    if at.tzinfo is None:
        raise bad_cursor()
    return at


def position(value: object) -> Position:
    """The position that a cursor holds as an instant and a key; a Mistake with code BAD_CURSOR for anything else."""
    match value:
        case [str(at), str(key)]:
            return Position(instant(at), key)
        case _:
            raise bad_cursor()


def encode_key(kind: str, key: str) -> str:
    """The cursor of a list over one stream that is ordered by key."""
    return encode([kind, key])


def decode_key(kind: str, cursor: str | None) -> str | None:
    """The key of such a cursor; None without a cursor."""
    if cursor is None:
        return None
    match decode(cursor):
        case [str(found), str(key)] if found == kind:
            return key
        case _:
            raise bad_cursor()
