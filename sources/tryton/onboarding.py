"""Creates customers in Tryton, and finds them again.

What makes it safe to repeat: a party carries our reference and the CRM's key as identifiers without a type from its
first moment. With customer_codes = "reference" our reference is its code too, of which Tryton takes one only: whoever
comes second, even at the same time, is refused, and the one that is there is acknowledged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from canonical.errors import ProblemCategory, Refused
from canonical.intake import CustomerAcknowledgment, CustomerRequest
from sources.kit.call import Call
from sources.tryton.addresses import Lands, lands
from sources.tryton.clerk import Clerk, Office, shape
from sources.tryton.domain import Domain, clause, either, every, one_of, some, texts
from sources.tryton.fields_intake import known_paths
from sources.tryton.mapping_intake import to_customer_acknowledgment
from sources.tryton.reading import PARTY
from sources.tryton.settings import Settings
from sources.tryton.tax_numbers import tax_identifier
from sources.tryton.wire import Coded
from sources.tryton.wire_intake import Known, Named, known_under

_TERMS: Final = shape("account.invoice.payment_term", ("name",), Named)
_CURRENCIES: Final = shape("currency.currency", ("code",), Coded)
_EVEN_INACTIVE: Final = clause("active", "in", (True, False))


class Onboarding:
    """Creates customers; see this module for what may be repeated."""

    def __init__(self, settings: Settings, office: Office) -> None:
        """Nothing is asked yet."""
        self._settings, self._office = settings, office
        self._known = shape(PARTY, known_paths(settings), known_under(settings.customer_reference_field))

    async def find(self, call: Call, references: Sequence[str]) -> Mapping[str, Sequence[CustomerAcknowledgment]]:
        """By reference, ours or the CRM's, those out of use too: one request. Parties belong to no company."""
        if self._office.companies(call) == ():
            return {}
        clerk, asked = self._office.any(call), texts(references)
        rows = sorted(await clerk.find(self._known, asked, self._named), key=lambda row: row.id)
        found: dict[str, list[CustomerAcknowledgment]] = {}
        for row in rows:
            told = to_customer_acknowledgment(row, clerk.reading)
            if told is not None:
                for reference in _references(row) & set(asked):
                    found.setdefault(reference, []).append(told)
        return found

    async def create(self, call: Call, request: CustomerRequest) -> CustomerAcknowledgment:
        """The customer that stands when this is done."""
        clerk = self._office.clerk(call, request.legal_entity_code)
        values = await self._values(clerk, request)
        try:
            row = await clerk.enter(self._known, values)
        except Refused as no:
            held = (await self.find(call, [request.reference])).get(request.reference, ())
            if no.category is not ProblemCategory.CONFLICT or not held:
                raise
            return held[0]
        told = to_customer_acknowledgment(row, clerk.reading)
        if told is None:
            sentence = f"{clerk.system} gave the customer no code: it needs a sequence for parties."
            raise Refused(clerk.system, sentence)
        return told

    def _named(self, run: Sequence[str]) -> Domain:
        field = self._settings.customer_reference_field
        plain = some("identifiers", every(one_of("code", run), clause("type", "=", None)))
        held = [one_of("code", run), plain, *([one_of(field, run)] if field else [])]
        return every(either(held), _EVEN_INACTIVE)

    async def _values(self, clerk: Clerk, request: CustomerRequest) -> dict[str, object]:
        settings = self._settings
        places = [request.billing_address, *([request.shipping_address] if request.shipping_address else [])]
        ids = _identifiers(request, settings)
        values: dict[str, object | None] = {
            "name": request.name,
            "code": request.reference if settings.customer_codes == "reference" else None,
            "customer_currency": await self._currency(clerk, request.currency_code),
            "customer_payment_term": await self._term(clerk),
            "addresses": [["create", _places(request, await lands(clerk, places))]],
            "identifiers": [["create", ids]],
        }
        if request.email:
            values["contact_mechanisms"] = [["create", [{"type": "email", "value": request.email}]]]
        if settings.customer_reference_field:
            values[settings.customer_reference_field] = request.crm_key
        return {name: value for name, value in values.items() if value is not None}

    async def _currency(self, clerk: Clerk, code: str) -> int:
        rows = await clerk.find(_CURRENCIES, texts([code]), lambda run: one_of("code", run))
        if not rows:
            sentence = f"There is no currency {code}."
            raise Refused(clerk.system, sentence, category=ProblemCategory.INVALID_INPUT)
        return rows[0].id

    async def _term(self, clerk: Clerk) -> int | None:
        name = self._settings.customer_payment_term
        if name is None:
            return None
        rows = await clerk.find(_TERMS, [name], lambda run: one_of("name", run))
        if not rows:
            sentence = f"There is no payment term {name!r} (setting customer_payment_term)."
            raise Refused(clerk.system, sentence, category=ProblemCategory.CUSTOMER_MASTER)
        return rows[0].id


def _identifiers(request: CustomerRequest, settings: Settings) -> list[dict[str, object]]:
    plain = dict.fromkeys(filter(None, (request.reference, request.crm_key)))
    numbers: list[dict[str, object]] = [{"type": None, "code": code} for code in plain]
    if request.tax_number:
        kind, code = tax_identifier(request.tax_number, request.billing_address.country, settings.tax_identifier_types)
        numbers.append({"type": kind, "code": code})
    return numbers


def _places(request: CustomerRequest, known: Lands) -> list[dict[str, object]]:
    """One address for both uses, or one for each."""
    billing, shipping = request.billing_address, request.shipping_address
    if shipping is None or shipping == billing:
        return [{**known.values(billing), "invoice": True, "delivery": True}]
    return [{**known.values(billing), "invoice": True}, {**known.values(shipping), "delivery": True}]


def _references(row: Known) -> set[str]:
    plain = {number.code for number in row.identifiers or () if not number.type}
    return {text for text in (*plain, row.code, row.reference) if text}
