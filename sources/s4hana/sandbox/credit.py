"""The credit check of an order: what its customer owes, and the order itself, against the limit."""

from __future__ import annotations

from typing import Final

from sources.s4hana.sandbox.query.clause import equal
from sources.s4hana.sandbox.refusal import Message, Refusal
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.values import Stored

PASSED: Final = "A"
HELD: Final = "B"
OVER_LIMIT: Final = Message("UKM/100", "Credit check: the credit limit is exceeded, the document is blocked", "warning")


def check_credit(store: Store, number: Stored) -> str:
    """Whether the order passes (A) or is saved with a credit block (B); refused where the whole account is blocked.

    Without a credit account nothing is checked. Amounts in other currencies than the account's are left out.
    """
    accounts = store.sets.get("CreditManagementAccount")
    if accounts is None:
        return PASSED
    order = ["SoldToParty", "TotalNetAmount", "TransactionCurrency"]
    customer, amount, ordered_in = store.select(store.sets["A_SalesOrder"], order, equal("SalesOrder", number))[0]
    columns = ["CreditAccountIsBlocked", "CreditLimitAmount", "CreditLimitIsZero", "CreditSegmentCurrency"]
    for blocked, limit, zero, currency in store.select(accounts, columns, equal("BusinessPartner", customer)):
        if blocked:
            shown = str(customer).lstrip("0")
            raise Refusal(400, "UKM/101", f"Credit account of business partner {shown} is blocked")
        ordered = int(amount or 0) if ordered_in == currency else 0
        if (limit or zero) and ordered + _owed(store, customer, currency) > int(limit or 0):
            return HELD
    return PASSED


def _owed(store: Store, customer: Stored, currency: Stored) -> int:
    """Open items, in thousandths."""
    ledger = store.sets.get("A_OperationalAcctgDocItemCube")
    if ledger is None:
        return 0
    where = equal("Customer", customer) & equal("TransactionCurrency", currency) & equal("IsCleared", 0)
    columns = ["DebitCreditCode", "AmountInTransactionCurrency"]
    rows = store.select(ledger, columns, where)
    return sum(abs(int(amount or 0)) * (-1 if code == "H" else 1) for code, amount in rows)
