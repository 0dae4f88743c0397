"""Record ids: 15 characters that mean their case, or 18 with a suffix that remembers it.

The suffix has a character for each run of five: bit n set where the run's character n is a capital
(Salesforce's knowledge article 000385008 describes the conversion).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

ORDER: Final = "801"
ORDER_ITEM: Final = "802"
QUOTE_LINE: Final = "0QL"
ACCOUNT: Final = "001"
PRICEBOOK: Final = "01s"
QUOTE: Final = "0Q0"
CONTRACT: Final = "800"
ORGANIZATION: Final = "00D"

_ID: Final = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5a-z]{3})?")
_BITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_RUN: Final = 5
_SHORT: Final = 15


def named(reference: str, prefix: str) -> str | None:
    """The 18-character id of an object with this key prefix that a text is; None for other text.

    An 18-character id survives systems that capitalise everything: its suffix gives the case back.
    """
    text = reference.strip()
    # An id is hardly ever digits alone, a document number often is.
    if _ID.fullmatch(text) is None or not text.startswith(prefix) or text.isdecimal():
        return None
    return _whole(text)


def well_formed(keys: Iterable[str]) -> list[str]:
    """Those keys that are ids, in their 18-character form; the platform refuses a query that holds any other text."""
    return [found for key in keys if (found := _whole(key))]


def long_id(key: str) -> str:
    """The 18-character form of a key, its case as the suffix says; a text that is no id stays as it is."""
    return _whole(key) or key


@lru_cache(maxsize=8192)
def _whole(key: str) -> str | None:
    if _ID.fullmatch(key) is None:
        return None
    if len(key) == _SHORT:
        return key + _suffix(key)
    short = _with_case(key[:_SHORT], key[_SHORT:].upper())
    return short + key[_SHORT:].upper() if short else None


def _suffix(short: str) -> str:
    runs = (short[start : start + _RUN] for start in range(0, _SHORT, _RUN))
    return "".join(_BITS[sum(1 << place for place, char in enumerate(run) if char.isupper())] for run in runs)


def _with_case(short: str, suffix: str) -> str | None:
    restored = ""
    for place, char in enumerate(short):
        capital = bool(_BITS.index(suffix[place // _RUN]) >> place % _RUN & 1)
        restored += char.upper() if capital else char.lower()
    return restored if _suffix(restored) == suffix else None
