"""SAP's messages as business sentences: a table by message class and number, or by words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from canonical.errors import ProblemCategory as Category
from canonical.intake import Refusal


class Meaning(NamedTuple):
    """What a message means to the business; `known` is False where no rule of ours fits it.

    `field` is the value of an order that a message about an order complains of.
    """

    category: Category
    sentence: str
    locked: bool = False
    known: bool = True
    field: str | None = None


class Message(NamedTuple):
    """What SAP said: class and number, its own words, and the place it points at."""

    code: str
    text: str
    target: str = ""


_LOCKED: Final = Meaning(
    Category.CONFLICT, "Someone is working on this document just now; try again in a moment.", locked=True
)
_BLOCKED: Final = Meaning(Category.CUSTOMER_MASTER, "The customer is blocked for orders.", field="customer")
_PAST: Final = Meaning(
    Category.INVALID_INPUT, "The requested delivery date lies in the past.", field="requested_delivery_date"
)
_NO_TAX: Final = Meaning(Category.TAX, "Tax could not be determined.")
_TAKEN: Final = Meaning(Category.CONFLICT, "There is a record of this number already.")
_GONE_OUT: Final = Meaning(
    Category.CONFLICT, "A part of it has been delivered already: it takes a return or a credit instead."
)
_ONE_CHANGE: Final = Meaning(
    Category.SYSTEM_REFUSED, "The ERP takes one change at a time (setting one_change_a_changeset)."
)
_NO_FIELD: Final = Meaning(
    Category.SYSTEM_REFUSED, "The ERP does not have a field that was named to it: its field settings need a look."
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
    "V1/302": _PAST,
    "V1/028": Meaning(Category.PRODUCT, "The product's status does not allow it to be sold."),
    "VL/045": _LOCKED,
    "/IWBEP/CM_COS/005": Meaning(Category.IDEMPOTENCY, "This request was acted upon before."),
}
"""By message class and number: the codes whose meaning was seen."""

BY_WORDS: Final[tuple[tuple[re.Pattern[str], Meaning], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"currently being processed|locked by|is being processed", _LOCKED),
        (r"changeset restriction|allows only one operation", _ONE_CHANGE),
        (r"property ['\"].*['\"] (is invalid|not found|does not exist)|invalid property", _NO_FIELD),
        (
            r"at most \d+ (characters|digits|decimals)|too long",
            Meaning(Category.INVALID_INPUT, "A value is longer than the ERP takes."),
        ),
        (r"already exists|already been (created|assigned)", _TAKEN),
        (r"delivered already|already (been )?delivered|goods issue (has|was)", _GONE_OUT),
        (r"in the past", _PAST),
        (
            r"\bcurrency\b|enter rate\b|exchange rate",
            Meaning(Category.PRICING, "The books do not take this currency.", field="currency_code"),
        ),
        (r"\bcredit\b", Meaning(Category.CREDIT, "The customer's credit does not allow it.")),
        # Tax is a condition of pricing too, by the condition types that SAP delivers for it.
        (r"condition \W?(TTX\d|MWST|UTXJ|[JX]R\d|JO[CSIU]G)\b", _NO_TAX),
        (
            r"pricing|\bprice\b|condition (type|record)|mandatory condition",
            Meaning(Category.PRICING, "A price or condition is missing or not allowed."),
        ),
        (r"\btax\b|jurisdiction", _NO_TAX),
        (
            r"higher-level item",
            Meaning(Category.INVALID_INPUT, "A line names a bundle that is not in the order."),
        ),
        (r"availab|not enough stock", Meaning(Category.AVAILABILITY, "A product is not available in this quantity.")),
        (
            r"material|product|\bplant\b",
            Meaning(Category.PRODUCT, "A product cannot be sold this way."),
        ),
        (r"order block|blocked for (order|sales)", _BLOCKED),
        (
            r"customer|sold-to|ship-to|sales area|business partner|distribution channel",
            Meaning(Category.CUSTOMER_MASTER, "The customer is not set up for this.", field="customer"),
        ),
        (r"authori[sz]|permission", Meaning(Category.PERMISSION, "We lack the permission for this.")),
    )
)
"""By words of the message, the first that fits: for codes that nobody published."""

_UNKNOWN: Final = "The ERP refused this, and we have no words of our own for its reason."
_NOISE: Final = re.compile(r"/IWBEP/CX_\w+")
# Said with every order that has a requested day, though nothing is wrong with it.
_USUAL: Final = frozenset({"SLS_LORD/025"})
UNSAVED: Final = frozenset({"SLS_LORD/009", "SLS_LORD/033"})
"""Warnings that say that an order could not go on as it is: it is incomplete, or would not be saved."""
HEADER: Final = "sap-message"


def meaning_of(code: str, message: str) -> Meaning:
    """What a message means: by its code, else by its words; SYSTEM_REFUSED and not `known` where neither is ours."""
    found = BY_CODE.get(code)
    if found is not None:
        return found
    named = next((meaning for pattern, meaning in BY_WORDS if pattern.search(message)), None)
    return named or Meaning(Category.SYSTEM_REFUSED, _UNKNOWN, known=False)


def sentence_of(message: Message) -> str:
    """A message for people: our sentence, and SAP's own words behind it where ours say little or nothing."""
    meaning = meaning_of(message.code, message.text)
    if not meaning.known:
        return f"{meaning.sentence} {message.text} ({message.code})"
    return f"{meaning.sentence} {message.text}" if meaning.category is Category.SYSTEM_REFUSED else meaning.sentence


def refusal_of(message: Message) -> Refusal:
    """What a message about an order says against it."""
    meaning = meaning_of(message.code, message.text)
    return Refusal(sentence_of(message), meaning.category, meaning.field)


def is_noise(code: str) -> bool:
    """Whether a detail only repeats what another says: without a code, or the gateway's own wrapping."""
    return not code or _NOISE.match(code) is not None


class _Told(Struct, frozen=True):
    code: str = ""
    message: str = ""
    target: str = ""
    severity: str = ""
    details: list[_Told] = []


_DECODER: Final = msgspec.json.Decoder(_Told)


def warnings_in(header: str) -> tuple[Message, ...]:
    """The warnings in the header of an answer that is a success; what is said of every order is left out.

    A header that cannot be read holds none: what it came with was done all the same.
    """
    try:
        told = _DECODER.decode(header)
    except msgspec.DecodeError:
        return ()
    return tuple(dict.fromkeys(_warnings(told)))


def _warnings(told: _Told) -> Iterator[Message]:
    for one in (told, *told.details):
        if one.severity in ("warning", "error") and one.message and one.code not in _USUAL and not is_noise(one.code):
            yield Message(one.code, one.message, one.target)
