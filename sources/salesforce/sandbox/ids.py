"""Record ids: the 18-character form with its checksum, and ids for new rows."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE: Final = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?")


@lru_cache(maxsize=65_536)
def id18(identity: str) -> str:
    """The 18-character form of a 15- or 18-character id: each suffix letter tells which of five are capitals."""
    short = identity[:15]
    return short + "".join(_ALPHABET[_capitals(short[start : start + 5])] for start in (0, 5, 10))


def is_id(identity: str) -> bool:
    """Whether it has an id's length and letters, and, with 18 of them, the right checksum."""
    if not _SHAPE.fullmatch(identity):
        return False
    return len(identity) == 15 or id18(identity).casefold() == identity.casefold()


def new_id(prefix: str, count: int) -> str:
    """The id of the count-th row made by this org, in base 62."""
    tail = ""
    for _ in range(8):
        count, digit = divmod(count, 62)
        tail = _DIGITS[digit] + tail
    return id18(f"{prefix}Rg00{tail}")


def _capitals(five: str) -> int:
    return sum(1 << place for place, letter in enumerate(five) if letter.isascii() and letter.isupper())
