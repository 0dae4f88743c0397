"""What Tryton's messages mean: they have no code, so the first pattern that fits their English words wins.

The texts are those of Tryton 8.0 and its sale, stock, party, account and product modules (setting `language`).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from canonical.errors import ProblemCategory

_Category = ProblemCategory


class Meaning(NamedTuple):
    """Which kind of thing a person has to look at, and one sentence about it."""

    category: ProblemCategory
    sentence: str


UNKNOWN: Final = Meaning(ProblemCategory.SYSTEM_REFUSED, "It was refused for a reason that is not known here.")
"""For words that no pattern fits: visible, and with Tryton's own words behind it."""

_TABLE: Final[tuple[tuple[str, ProblemCategory, str], ...]] = (
    (r"credit limit", _Category.CREDIT, "The customer's credit limit does not allow it."),
    (r"not allowed to (access|read|write|create|delete|modify|execute)", _Category.PERMISSION, "Our user may not."),
    (r"calling button .* is not allowed", _Category.PERMISSION, "Our user may not."),
    (r"you can not call", _Category.CONFLICT, "The record does not stand where this can be done."),
    (r"no longer in a draft state|must cancel( or reset to draft)? sale|you must cancel it|it must be in .* state",
     _Category.CONFLICT, "The order does not stand where this can be done."),
    (r"(modified|changed) .*(by another|meanwhile|concurrent)|please retry", _Category.CONFLICT,
     "The record was just changed by somebody else."),
    (r"that don't exist|does not exist", _Category.CONFLICT, "A record that is needed is not there any more."),
    (r"must be unique|already exists|can be added only once|has the same", _Category.CONFLICT,
     "There is such a record already."),
    (r"email address .* is not valid|phone number .* is not valid", _Category.CUSTOMER_MASTER,
     "A contact of the customer is not valid."),
    (r"for party .* is not valid|identifier", _Category.CUSTOMER_MASTER, "A number of the customer is not valid."),
    (r"(invoice|shipment) address|customer location", _Category.CUSTOMER_MASTER, "The customer lacks data."),
    (r"define a (receivable|payable) account|account (revenue|receivable)|payment term", _Category.CUSTOMER_MASTER,
     "Data is missing in the books."),
    (r"fiscal ?year|create a period|reopen the period|period .* closed", _Category.SYSTEM_REFUSED,
     "The books are not open for this day."),
    (r"no rate found for currency", _Category.PRICING, "There is no exchange rate for this day."),
    (r'for field "shipping date"', _Category.INVALID_INPUT, "The delivery date lies before the day of the order."),
    (r"\btax(es)?\b", _Category.TAX, "The taxes are not right."),
    (r"not enough|out of stock|warehouse|is moving .* in addition", _Category.AVAILABILITY,
     "It cannot be delivered as asked."),
    (r'for field "unit"', _Category.INVALID_INPUT, "The unit is missing, or none that the product is sold in."),
    (r"price", _Category.PRICING, "The price is not right."),
    (r"account category|\bproduct\b", _Category.PRODUCT, "The product cannot be sold like this."),
    (r"a value is required|is not valid|is too long|is not one of|digits|invalid chars", _Category.INVALID_INPUT,
     "A value is missing or not allowed."),
    (r"(missing|no) (search|order) function", _Category.INVALID_INPUT, "It cannot be searched or sorted by this."),
)  # fmt: skip
_PATTERNS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), Meaning(category, sentence)) for pattern, category, sentence in _TABLE
)


_NAMES: Final = re.compile(r'(field )?"[^"]*"')


def meaning_of(message: str) -> Meaning:
    """What a message means; UNKNOWN where no pattern knows its words. Names in quotes do not count, but for fields'."""
    words = _NAMES.sub(lambda name: name[0] if name[1] else '""', message)
    return next((meaning for pattern, meaning in _PATTERNS if pattern.search(words)), UNKNOWN)
