"""How many HTTP calls SAP gets for a question: one for all reads of one service, however many records are named."""

from __future__ import annotations

from sources.kit.forecast import Calls, Foretell, Need, Question, exactly
from sources.landscape import Instance
from sources.s4hana.mapping_invoice import OPEN_FACTS
from sources.s4hana.settings import settings_of


def foreteller(instance: Instance) -> Foretell:
    """What this system gets; ValueError where its settings are not right."""
    credit = settings_of(instance).credit
    return lambda needs: sum((_one(need, credit=credit) for need in needs), Calls())


def _one(need: Need, *, credit: bool) -> Calls:
    wanted = need.wanted
    match need.question:
        case Question.FETCH_INVOICES_OF_ORDERS:
            told = 1 + _ledger(need)
            return Calls(told, told + 1)  # a bill that the document flow does not name is read once more
        case Question.FETCH_INVOICES | Question.LIST_INVOICES:
            return exactly(1 + _ledger(need))
        case Question.FETCH_CREDIT_MEMOS:
            return exactly(1 + ("open" in wanted))
        case Question.FETCH_PAYMENTS:
            return exactly(1 + ("applications" in wanted))
        case Question.FETCH_BILLING_ACCOUNTS:
            balances = wanted.any_of("open_balance", "overdue_balance")
            return exactly(1 + balances + (credit and "credit" in wanted))
        case Question.LIST_PRODUCTS:
            return exactly(1 + need.searched)
        case _:
            return exactly(1)


def _ledger(need: Need) -> bool:
    return need.wanted.any_of(*OPEN_FACTS) or "open" in need.wanted.below("credit_memos")
