"""Order numbers of our own: the one thing that SAP refuses the second time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from sources.s4hana.settings import Settings

PROBES: Final = 5
"""How many numbers are tried for one reference: another's order may hold the first."""


def numbers_for(reference: str, settings: Settings) -> Iterator[str]:
    """The numbers that an order of this reference may have, always the same and in the same order.

    They come from the reference alone, so that whoever books it again, whenever and wherever, meets the number that it
    has already.
    """
    size = settings.number_to - settings.number_from + 1
    digest = hashlib.sha256(reference.casefold().encode()).digest()
    first = int.from_bytes(digest[:8], "big") % size
    for probe in range(min(PROBES, size)):
        yield str(settings.number_from + (first + probe) % size)
