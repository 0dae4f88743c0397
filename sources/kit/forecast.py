"""How many calls a question will take, told before it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct

from canonical.wanted import Wanted


class Question(StrEnum):
    """What a system can be asked: the methods of the ports in sources/ports.py, by their names."""

    CHECK = "check"
    FETCH_ORDERS = "fetch_orders"
    LIST_ORDERS = "list_orders"
    FETCH_CUSTOMERS = "fetch_customers"
    LIST_CUSTOMERS = "list_customers"
    FETCH_QUOTES = "fetch_quotes"
    FETCH_OPPORTUNITIES = "fetch_opportunities"
    FETCH_CONTRACTS = "fetch_contracts"
    FETCH_PRODUCTS = "fetch_products"
    LIST_PRODUCTS = "list_products"
    FETCH_SHIPMENTS_OF_ORDERS = "fetch_shipments_of_orders"
    FETCH_SHIPMENTS = "fetch_shipments"
    FETCH_INVOICES_OF_ORDERS = "fetch_invoices_of_orders"
    FETCH_INVOICES = "fetch_invoices"
    LIST_INVOICES = "list_invoices"
    FETCH_CREDIT_MEMOS = "fetch_credit_memos"
    FETCH_PAYMENTS = "fetch_payments"
    FETCH_BILLING_ACCOUNTS = "fetch_billing_accounts"

    @property
    def words(self) -> str:
        """As people say it."""
        return self.value.replace("_", " ")


class Need(Struct, frozen=True, kw_only=True):
    """One question that will be asked: how many records it names at most, in which way, and what it reads of them.

    A question that lists records names those that it looks up beside its page. `searched`: by a text of somebody's own.
    """

    question: Question
    wanted: Wanted = Wanted()
    keys: int = 0
    partner_keys: int = 0
    numbers: int = 0
    searched: bool = False

    @property
    def named(self) -> int:
        """How many records are named in any way."""
        return self.keys + self.partner_keys + self.numbers


class Calls(Struct, frozen=True):
    """Calls on the wire: `calls` at most where records name each other as they should, `most` where they do not.

    Beside them may come what nobody can foretell: signing in, trying again, and further pages that a server cuts off.
    """

    calls: int = 0
    most: int = 0

    def __add__(self, other: Calls) -> Calls:
        """Both."""
        return Calls(self.calls + other.calls, self.most + other.most)

    def times(self, usually: int, at_most: int) -> Calls:
        """So often the same."""
        return Calls(self.calls * usually, self.most * at_most)


def exactly(calls: int) -> Calls:
    """So many, whatever the records are like."""
    return Calls(calls, calls)


Foretell = Callable[[Sequence[Need]], Calls]
"""The calls that one system gets for questions of one operation asked in the same turn."""

CallsOf = Callable[[str, Sequence[Need]], Calls]
"""The same of any system, by its configured name."""
