"""How many HTTP calls a Tryton database gets: one for a model, more where what is named fits into no address."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from canonical.wanted import Wanted
from sources.kit.forecast import Calls, Foretell, Need, Question, exactly
from sources.landscape import Instance
from sources.tryton import fields
from sources.tryton.client import Search, room_beside, root_of
from sources.tryton.reading import SALE
from sources.tryton.settings import Entities, Settings, settings_of

_KEY: Final = len("1234567,")
_NUMBER: Final = len('"SO-2026-12345",')
_REFERENCE: Final = len('"8015g0000021vLLAAY",')
"""Letters that a value takes in a domain: a key, a number as people quote it, another system's key."""
_FRAME: Final = 160
"""Letters of a domain beside its values."""
KEPT: Final = 1_000
"""How many lengths of field lists are kept for the next time."""
_BILLS: Final = (Question.FETCH_INVOICES_OF_ORDERS, Question.FETCH_INVOICES)


def foreteller(instance: Instance) -> Foretell:
    """What this database gets; ValueError where its settings or codes are not right."""
    of = _Foretelling(instance, settings_of(instance))
    return lambda needs: sum(map(of.one, needs), Calls())


class _Foretelling:
    """One database's answers."""

    def __init__(self, instance: Instance, settings: Settings) -> None:
        self._settings, self._companies = settings, len(Entities(instance).known())
        self._base = len(instance.base_url) + len(root_of(settings))
        self._room = lru_cache(KEPT)(self._room_of)

    def one(self, need: Need) -> Calls:
        """The calls for one question."""
        runs = self._runs(need)
        match need.question:
            case Question.FETCH_ORDERS:
                return exactly(runs + self._settings.credit)  # once more for quotations that credit could hold
            case Question.LIST_ORDERS:
                beside = runs if need.named else 0
                return exactly(1 + (beside or self._settings.credit))
            case Question.LIST_INVOICES:
                return exactly(1 + ("credit_memos" in need.wanted))
            case Question.FETCH_SHIPMENTS:
                return exactly(2 * runs)
            case Question.FETCH_BILLING_ACCOUNTS:
                return exactly(runs * self._companies)
            case _:
                return exactly(runs)

    def _runs(self, need: Need) -> int:
        """As many as the client's halving makes of what is named."""
        with_notes = need.question in _BILLS and "credit_memos" in need.wanted
        letters = need.keys * _KEY + need.numbers * _NUMBER + need.partner_keys * _REFERENCE
        letters *= 1 + with_notes  # the notes are found by the same values
        room, runs = self._room(need.question, need.wanted), 1
        while runs < need.named and letters / runs > room:
            runs *= 2
        return runs

    def _room_of(self, question: Question, wanted: Wanted) -> float:
        """Letters that an address leaves for the values."""
        search = Search(SALE, _paths(question, wanted, self._settings))
        return room_beside(self._settings, self._base, search) * 3 / 4 - _FRAME  # base64 makes four letters of three


def _paths(question: Question, wanted: Wanted, settings: Settings) -> fields.Paths:
    match question:
        case Question.FETCH_ORDERS | Question.LIST_ORDERS:
            return fields.order_paths(wanted, settings)
        case Question.FETCH_SHIPMENTS_OF_ORDERS:
            return fields.shipments_of_sale_paths(wanted)
        case Question.FETCH_SHIPMENTS:
            return fields.shipment_paths(wanted, "outgoing_moves")
        case Question.FETCH_INVOICES_OF_ORDERS | Question.FETCH_INVOICES:
            return fields.invoice_paths(wanted)
        case Question.FETCH_CREDIT_MEMOS:
            return fields.credit_note_paths(wanted)
        case Question.FETCH_PAYMENTS:
            return fields.payment_paths(wanted)
        case Question.FETCH_CUSTOMERS:
            return fields.customer_paths(wanted, settings)
        case Question.FETCH_BILLING_ACCOUNTS:
            return fields.account_paths(wanted, settings)
        case Question.FETCH_PRODUCTS:
            return fields.product_paths(wanted)
        case _:
            return ()
