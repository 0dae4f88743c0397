"""SAP's messages as business sentences: a table by message class and number, or by words."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from canonical.errors import ProblemCategory as Category


class Meaning(NamedTuple):
    """What a message means to the business."""

    category: Category
    sentence: str
    locked: bool = False


_LOCKED: Final = Meaning(
    Category.CONFLICT, "Someone is working on this document just now; try again in a moment.", locked=True
)

BY_CODE: Final[dict[str, Meaning]] = {
    "SLS_LORD/009": Meaning(Category.SYSTEM_REFUSED, "The order is incomplete: required fields are missing."),
    "SLS_LORD/033": Meaning(Category.SYSTEM_REFUSED, "The order could not be saved."),
    "SLS_LORD/166": Meaning(Category.SYSTEM_REFUSED, "The document it refers to is incomplete."),
    "SLS_LORD/005": Meaning(Category.SYSTEM_REFUSED, "The order could not be created in one piece."),
    "V2/474": Meaning(Category.CONFLICT, "The order is approved already and takes no changes."),
    "V2/468": Meaning(
        Category.CONFLICT, "The order waits for an approval and takes no changes until then.", locked=True
    ),
    "V1/302": Meaning(Category.INVALID_INPUT, "The requested delivery date lies in the past."),
    "V1/028": Meaning(Category.PRODUCT, "The product's status does not allow it to be sold."),
    "VL/045": _LOCKED,
    "/IWBEP/CM_COS/005": Meaning(Category.IDEMPOTENCY, "This request was acted upon before."),
}
"""By message class and number: the codes whose meaning was seen."""

BY_WORDS: Final[tuple[tuple[re.Pattern[str], Meaning], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"currently being processed|locked by|is being processed", _LOCKED),
        (r"\bcredit\b", Meaning(Category.CREDIT, "The customer's credit does not allow it.")),
        (
            r"pricing|\bprice\b|condition (type|record)",
            Meaning(Category.PRICING, "A price or condition is missing or not allowed."),
        ),
        (r"\btax\b|jurisdiction", Meaning(Category.TAX, "Tax could not be determined.")),
        (
            r"material|product|\bplant\b",
            Meaning(Category.PRODUCT, "A product cannot be sold this way."),
        ),
        (
            r"customer|sold-to|ship-to|sales area|business partner|distribution channel",
            Meaning(Category.CUSTOMER_MASTER, "The customer is not set up for this."),
        ),
        (r"authori[sz]|permission", Meaning(Category.PERMISSION, "We lack the permission for this.")),
    )
)
"""By words of the message, the first that fits: for codes that nobody published."""

_OTHERWISE: Final = Meaning(Category.SYSTEM_REFUSED, "The ERP refused this.")
_NOISE: Final = re.compile(r"/IWBEP/CX_\w+")


def meaning_of(code: str, message: str) -> Meaning:
    """What a message means: by its code, by its class with any number, by its words, or nothing in particular."""
    found = BY_CODE.get(code)
    if found is not None:
        return found
    return next((meaning for pattern, meaning in BY_WORDS if pattern.search(message)), _OTHERWISE)


def is_noise(code: str) -> bool:
    """Whether a detail only repeats what another says: without a code, or the gateway's own wrapping."""
    return not code or _NOISE.match(code) is not None
