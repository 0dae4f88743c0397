"""Positions in connections, as opaque words: where each stream of a list was left."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime

import orjson

from canonical.errors import Mistake
from sources.ports import Position

_BAD = Mistake("BAD_CURSOR", "This cursor was not given by this list. Start again without one.")


def encode(words: object) -> str:
    """Any JSON value as one opaque word."""
    return urlsafe_b64encode(orjson.dumps(words)).decode().rstrip("=")


def decode(cursor: str) -> object:
    """The value that `encode` was given; a Mistake with code BAD_CURSOR for anything else."""
    try:
        value: object = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise _BAD from None
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
            return {str(name): _position(value) for name, value in streams.items()}
        case _:
            raise _BAD


def _position(value: object) -> Position:
    match value:
        case [str(at), str(key)]:
            try:
                return Position(datetime.fromisoformat(at), key)
            except ValueError:
                raise _BAD from None
        case _:
            raise _BAD


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
            raise _BAD
