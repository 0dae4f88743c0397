from __future__ import annotations

import json

import httpx
import pytest

from canonical.errors import OutcomeUnknown, ProblemCategory, Refused
from sources.kit.http.ask import Answer
from sources.tryton.faults import fault_in
from sources.tryton.messages import UNKNOWN, meaning_of

CASES = [
    ('The party "Tessera Glass" will exceed their $2000.00 credit limit by $10425.00.', ProblemCategory.CREDIT),
    ('The party "Tessera" has reached the credit limit level for dunning "Third".', ProblemCategory.CREDIT),
    ('You can not call "cancel" on "205001 [801XX]" of "Sale".', ProblemCategory.CONFLICT),
    ('You cannot add lines to sale "205001" because it is no longer in a draft state.', ProblemCategory.CONFLICT),
    ('To delete line "3\u00a0u [AC-30] A valve @ 205001" you must cancel or reset to draft sale "205001".',
     ProblemCategory.CONFLICT),
    ('To delete sale "205001 [801XX]" you must cancel it.', ProblemCategory.CONFLICT),
    ("The code on party must be unique.", ProblemCategory.CONFLICT),
    ('The party "Nova" has the same U.S. Employer Identification Number "12-3456789".', ProblemCategory.CONFLICT),
    ('Calling button "validate_amendment on "Sale Amendment" is not allowed.', ProblemCategory.PERMISSION),
    ('You are not allowed to access "Sale Configuration". Within groups: Sales, Stock', ProblemCategory.PERMISSION),
    ('To get a quote for sale "(106)" you must enter an invoice address.', ProblemCategory.CUSTOMER_MASTER),
    ('To process sale "7" you must set a customer location on party "Nova".', ProblemCategory.CUSTOMER_MASTER),
    ('The U.S. Employer Identification Number "xx" for party "Nova" is not valid.', ProblemCategory.CUSTOMER_MASTER),
    ('The email address "a" for party "Nova" is not valid.', ProblemCategory.CUSTOMER_MASTER),
    ('To invoice sale "7" you must define an account revenue for product "AC-30".', ProblemCategory.CUSTOMER_MASTER),
    ('A value is required for field "Unit" in record "289" of "Sale Line".', ProblemCategory.INVALID_INPUT),
    ('A value is required for field "Unit Price" in record "289" of "Sale Line".', ProblemCategory.PRICING),
    ('The number of digits in the value "1.5" for field "Quantity" in record "2" of "Sale Line" exceeds the limit.',
     ProblemCategory.INVALID_INPUT),
    ('The value "99913" for field "Product" in record "289" of "Sale Line" is not valid according to its domain.',
     ProblemCategory.PRODUCT),
    ('The value "2020-01-01" for field "Shipping Date" in record "2" of "Sale" is not valid according to its domain.',
     ProblemCategory.INVALID_INPUT),
    ('There is no account category defined on product "AC-30".', ProblemCategory.PRODUCT),
    ('The sale line "AC-30" is moving 3 u in addition to the 4 u ordered.', ProblemCategory.AVAILABILITY),
    ('No rate found for currency "CHF" on "2026-11-26".', ProblemCategory.PRICING),
    ('To continue, you must create a fiscal year for the date "2031-01-01".', ProblemCategory.SYSTEM_REFUSED),
]  # fmt: skip


@pytest.mark.parametrize("message,category", CASES)
def test_a_message_of_the_erp_is_known_by_its_words(message: str, category: ProblemCategory) -> None:
    meaning = meaning_of(message)

    assert meaning.category is category
    assert meaning is not UNKNOWN


def test_what_people_call_their_customers_and_products_does_not_count() -> None:
    unit = 'A value is required for field "Unit" in record "Credit limit of the price tax warehouse" of "Sale Line".'

    assert meaning_of(unit).category is ProblemCategory.INVALID_INPUT
    assert meaning_of('Something about "the credit limit" that nobody foresaw.') is UNKNOWN


def test_words_that_nobody_foresaw_are_shown_as_they_are() -> None:
    body = json.dumps({"status": 400, "message": "The moon is not full.", "description": ""}).encode()

    fault = fault_in("erp-us", Answer(400, httpx.Headers({"content-type": "application/json"}), body))

    assert isinstance(fault, Refused)
    assert fault.category is ProblemCategory.SYSTEM_REFUSED
    assert fault.sentence == ("It was refused for a reason that is not known here. erp-us says: The moon is not full.")


def test_a_failure_of_its_own_behind_a_status_of_400_leaves_open_what_was_done() -> None:
    page = b"<!doctype html>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n<p>Unable to get RPC method</p>\n"

    fault = fault_in("erp-us", Answer(400, httpx.Headers({"content-type": "text/html"}), page))

    assert isinstance(fault, OutcomeUnknown)
