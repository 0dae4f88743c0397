"""What can be said against an input without asking any system: such an input binds no key."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from canonical.currencies import CURRENCIES
from canonical.customer import Address
from canonical.errors import ProblemCategory
from canonical.intent import AmendOrder, CancelOrder, CreateCustomer, Intent, LineAsked, SubmitOrder
from canonical.legal_entity import LegalEntity
from canonical.principal import Principal
from canonical.problem import Problem
from canonical.refs import Ref
from sources.landscape import Landscape

MOST_LINES: Final = 1000
MOST_PROBLEMS: Final = 100
MOST_LETTERS: Final = 1000
"""Of one text; no system keeps longer ones."""
MOST_LETTERS_OF_A_NUMBER: Final = 80
_CURRENCY = re.compile(r"[A-Z]{3}")
_PICTURES = re.compile("[\u2600-\u27bf\u2b00-\u2bff\ufe0f\U00010000-\U0010ffff]")
_COUNTRY = re.compile(r"[A-Z]{2}")


def against(intent: Intent, landscape: Landscape, principal: Principal) -> list[Problem]:
    """What is wrong with it, each with the path of the value: all of it, or the first hundred and how many more."""
    found = [*_wrongs(intent, landscape), *_texts(intent), *_entities_named(intent, landscape)]
    found += _forbidden(intent, landscape, principal)
    if len(found) <= MOST_PROBLEMS:
        return found
    more = len(found) - MOST_PROBLEMS
    return [*found[:MOST_PROBLEMS], _wrong(f"And {more} more values are wrong; these come first.")]


def _wrongs(intent: Intent, landscape: Landscape) -> Iterator[Problem]:
    match intent:
        case SubmitOrder():
            yield from _order(intent, landscape)
        case AmendOrder():
            yield from _amendment(intent, landscape)
        case CancelOrder():
            yield from () if intent.reason.strip() else [_wrong("Say why it is cancelled.", "reason")]
        case CreateCustomer():
            yield from _customer(intent)


def _order(order: SubmitOrder, landscape: Landscape) -> Iterator[Problem]:
    if not order.lines:
        yield _wrong("An order has at least one line.", "lines")
    if len(order.lines) > MOST_LINES:
        yield _wrong(f"An order has at most {MOST_LINES} lines; this one has more.", "lines")
        return
    yield from _purchase_order_number(order.purchase_order_number)
    for name, address in (("ship_to", order.ship_to), ("bill_to", order.bill_to)):
        if address is not None:
            yield from _address(address, name)
    yield from _currency(order.currency_code)
    yield from _sold_in(order, landscape)
    yield from _known_system(landscape, order.customer, "customer")
    if order.source:
        yield from _known_system(landscape, order.source, "source")
    yield from _lines(order.lines, "lines")
    yield from _bundles(order.lines)


def _amendment(asked: AmendOrder, landscape: Landscape) -> Iterator[Problem]:
    dated = asked.requested_delivery_date is not None or asked.purchase_order_number is not None
    if not (asked.add or asked.change or asked.remove or dated):
        yield _wrong("The change changes nothing.", "input")
    changed = len(asked.add) + len(asked.change) + len(asked.remove)
    if changed > MOST_LINES:
        yield _wrong(f"At most {MOST_LINES} lines are changed at once; these are more.", "input")
        return
    yield from _known_system(landscape, asked.order, "order")
    yield from _purchase_order_number(asked.purchase_order_number)
    yield from _lines(asked.add, "add")
    for place, change in enumerate(asked.change):
        if change.quantity is not None and change.quantity <= 0:
            yield _wrong("A quantity is more than nothing; remove the line instead.", "change", str(place), "quantity")
        if change.unit_price is not None and change.unit_price < 0:
            yield _wrong("A price is not below nothing.", "change", str(place), "unit_price")
        yield from _days(change.starts_on, change.ends_on, "change", str(place))


def _customer(asked: CreateCustomer) -> Iterator[Problem]:
    if not asked.name.strip():
        yield _wrong("A customer has a name.", "name")
    yield from _address(asked.billing_address, "billing_address")
    yield from _currency(asked.currency_code)


def _currency(code: str) -> Iterator[Problem]:
    if not _CURRENCY.fullmatch(code):
        yield _wrong("A currency is three capital letters (ISO 4217), such as EUR.", "currency_code")
    elif code not in CURRENCIES:
        yield _wrong(f"{code} is no currency (ISO 4217).", "currency_code")


def _sold_in(order: SubmitOrder, landscape: Landscape) -> Iterator[Problem]:
    """What of the companies that the order names itself does not sell in its currency."""
    named = dict.fromkeys(code for _, code in _entities(order))
    for books in (landscape.entities[code] for code in named if code in landscape.entities):
        if not books.sells_in(order.currency_code):
            yield not_sold_in(books, order.currency_code)


def not_sold_in(books: LegalEntity, currency: str) -> Problem:
    """That a company does not sell in the order's currency."""
    usual = ", ".join(dict.fromkeys(filter(None, (books.currency_code, *books.currencies))))
    sentence = f"{books.code} does not sell in {currency}; it sells in {usual}."
    return Problem(
        code="CURRENCY_NOT_TAKEN", category=ProblemCategory.PRICING, message=sentence, field=("currency_code",)
    )


def _address(address: Address, name: str) -> Iterator[Problem]:
    if not _COUNTRY.fullmatch(address.country or ""):
        yield _wrong("A country is two capital letters (ISO 3166), such as DE.", name, "country")


def _purchase_order_number(number: str | None) -> Iterator[Problem]:
    """ERPs print it and search by it: letters, digits and signs go through all of them, pictures do not.

    ABAP's text is UCS-2, in which a picture is two characters, and may be cut in two (ABAP keyword documentation, "Code
    pages"). 80 is what Salesforce keeps (Order.PoNumber); an ERP that keeps fewer says so before anything is booked.
    """
    if number is None:
        return
    if len(number) > MOST_LETTERS_OF_A_NUMBER:
        sentence = f"A purchase order number has at most {MOST_LETTERS_OF_A_NUMBER} characters."
        yield _wrong(sentence, "purchase_order_number")
    elif _PICTURES.search(number):
        sentence = "A purchase order number is of letters, digits and signs; pictures do not go through the ERPs."
        yield _wrong(sentence, "purchase_order_number")


def _texts(value: object, *at: str) -> Iterator[Problem]:
    """Texts that no system keeps as they are: with control characters, or without end."""
    if isinstance(value, str):
        if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in value):
            yield _wrong("This text holds characters that cannot be written.", *at)
        elif len(value) > MOST_LETTERS:
            yield _wrong(f"A text has at most {MOST_LETTERS} characters.", *at)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name), *at, name)
    elif isinstance(value, tuple):
        for place, item in enumerate(value[:MOST_LINES]):
            yield from _texts(item, *at, str(place))


def _lines(lines: Sequence[LineAsked], name: str) -> Iterator[Problem]:
    for place, line in enumerate(lines):
        at = (name, str(place))
        if not line.sku.strip():
            yield _wrong("A line names an article.", *at, "sku")
        if line.quantity <= 0:
            yield _wrong("A quantity is more than nothing.", *at, "quantity")
        if line.unit_price is not None and line.unit_price < 0:
            yield _wrong("A price is not below nothing.", *at, "unit_price")
        if line.discount_percent is not None and not Decimal(0) <= line.discount_percent <= Decimal(100):
            yield _wrong("A discount is 0 to 100 percent.", *at, "discount_percent")
        yield from _days(line.starts_on, line.ends_on, *at)


def _days(starts_on: object, ends_on: object, *at: str) -> Iterator[Problem]:
    if starts_on is not None and ends_on is not None and str(starts_on) > str(ends_on):
        yield _wrong("It ends before it starts.", *at, "ends_on")


def _bundles(lines: Sequence[LineAsked]) -> Iterator[Problem]:
    """A part names a line that stands before it, so that no bundle holds itself."""
    seen: set[Ref] = set()
    for place, line in enumerate(lines):
        if line.parent_source is not None and line.parent_source not in seen:
            sentence = "No line before this one is the bundle that it names."
            yield _wrong(sentence, "lines", str(place), "parent_source")
        if line.source is not None and line.source in seen:
            yield _wrong("Two lines come from the same line.", "lines", str(place), "source")
        if line.source is not None:
            seen.add(line.source)


def _known_system(landscape: Landscape, ref: Ref, name: str) -> Iterator[Problem]:
    if ref.system not in landscape.instances:
        known = ", ".join(landscape.instances)
        yield _wrong(f"There is no system {ref.system} here; known: {known}.", name)


def _entities_named(intent: Intent, landscape: Landscape) -> Iterator[Problem]:
    for field, code in _entities(intent):
        if code not in landscape.entities:
            sentence = f"There is no legal entity {code} here; known: {', '.join(landscape.entities)}."
            yield Problem(code="UNKNOWN_LEGAL_ENTITY", category=ProblemCategory.ROUTING, message=sentence, field=field)


def _forbidden(intent: Intent, landscape: Landscape, principal: Principal) -> Iterator[Problem]:
    """What whoever asks may not touch, as far as the input itself says."""
    if principal.legal_entities is not None:
        for field, code in _entities(intent):
            if code in landscape.entities and code not in principal.legal_entities:
                yield _no(f"Your access does not include the books of {code}.", *field)
    if isinstance(intent, SubmitOrder | CreateCustomer) and principal.accounts is not None:
        customer = intent.customer if isinstance(intent, SubmitOrder) else intent.source
        if customer is None or (customer.system == landscape.crm and customer.key not in principal.accounts):
            yield _no("Your access does not include this customer.", "customer")


def _entities(intent: Intent) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(intent, SubmitOrder | CreateCustomer) and intent.legal_entity:
        yield ("legal_entity",), intent.legal_entity
    lines, name = (intent.lines, "lines") if isinstance(intent, SubmitOrder) else ((), "add")
    if isinstance(intent, AmendOrder):
        lines = intent.add
    for place, line in enumerate(lines[:MOST_LINES]):
        if line.legal_entity:
            yield (name, str(place), "legal_entity"), line.legal_entity


def _wrong(sentence: str, *field: str) -> Problem:
    return Problem(code="INVALID_INPUT", category=ProblemCategory.INVALID_INPUT, message=sentence, field=field)


def _no(sentence: str, *field: str) -> Problem:
    return Problem(code="FORBIDDEN", category=ProblemCategory.PERMISSION, message=sentence, field=field)
