"""SAP's messages: each that the pretend system says has words of ours, and warnings are kept."""

from __future__ import annotations

import json

import pytest

from canonical.errors import ProblemCategory
from sources.s4hana.messages import Message, meaning_of, sentence_of, warnings_in


@pytest.mark.parametrize(
    "text,category",
    [
        ("Sold-to party 999 not maintained for sales area 1710 10 00", ProblemCategory.CUSTOMER_MASTER),
        ("Sold-to party 17100001 is blocked for orders", ProblemCategory.CUSTOMER_MASTER),
        ("Material TG99 is not defined for the sales area", ProblemCategory.PRODUCT),
        ("Material TG11 has status 02: no sales allowed", ProblemCategory.PRODUCT),
        ("Pricing error in item 10: mandatory condition PPR0 is missing", ProblemCategory.PRICING),
        ("Credit account of business partner 1 is blocked", ProblemCategory.CREDIT),
        ("Credit check: the credit limit is exceeded, the document is blocked", ProblemCategory.CREDIT),
        ("The requested delivery date lies in the past", ProblemCategory.INVALID_INPUT),
        ("Item 20: higher-level item 90 does not exist", ProblemCategory.INVALID_INPUT),
        ("Item 10 has been delivered already: no rejection possible", ProblemCategory.CONFLICT),
        ("Item 10: the quantity is below what has been delivered already", ProblemCategory.CONFLICT),
        ("SalesOrder 7000000001 already exists.", ProblemCategory.CONFLICT),
        ("Sales order 1 is currently being processed by user MUELLER", ProblemCategory.CONFLICT),
        ("Operation not allowed due to changeset restrictions", ProblemCategory.SYSTEM_REFUSED),
        ("Default changeset implementation allows only one operation", ProblemCategory.SYSTEM_REFUSED),
        ("Property 'YY1_X' is invalid for type 'A_SalesOrderType'.", ProblemCategory.SYSTEM_REFUSED),
        ("PurchaseOrderByCustomer takes at most 35 characters", ProblemCategory.INVALID_INPUT),
        ("Delivery quantity not available in plant 1710", ProblemCategory.AVAILABILITY),
        ("Tax jurisdiction could not be determined", ProblemCategory.TAX),
    ],
)
def test_a_text_without_known_code_is_told_by_its_words(text: str, category: ProblemCategory) -> None:
    meaning = meaning_of("ZZ/999", text)

    assert (meaning.category, meaning.known) == (category, True)


def test_what_no_rule_fits_is_told_in_saps_own_words_with_its_code() -> None:
    sentence = sentence_of(Message("ZX/123", "Gremlins in the works"))

    assert sentence == (
        "The ERP refused this, and we have no words of our own for its reason. Gremlins in the works (ZX/123)"
    )
    assert meaning_of("ZX/123", "Gremlins in the works").category is ProblemCategory.SYSTEM_REFUSED


def test_a_sentence_of_ours_stands_alone_where_it_says_enough() -> None:
    assert sentence_of(Message("V1/302", "Date 1.1.")) == "The requested delivery date lies in the past."
    assert sentence_of(Message("SLS_LORD/033", "No.")) == "The order could not be saved. No."


def test_warnings_are_kept_and_what_is_said_of_every_order_is_not() -> None:
    told = {
        "code": "SLS_LORD/025",
        "message": "Date taken over",
        "severity": "warning",
        "target": "SLINE_DATE",
        "transition": False,
        "details": [
            {"code": "SLS_LORD/009", "message": "Incomplete", "severity": "warning", "target": "to_Item"},
            {"code": "V1/311", "message": "Saved", "severity": "success"},
            {"code": "V1/028", "message": "Status", "severity": "info"},
            {"code": "/IWBEP/CX_MGW", "message": "Again", "severity": "warning"},
            {"code": "SLS_LORD/009", "message": "Incomplete", "severity": "warning", "target": "to_Item"},
        ],
    }

    assert warnings_in(json.dumps(told)) == (Message("SLS_LORD/009", "Incomplete", "to_Item"),)


@pytest.mark.parametrize("header", ["", "{", "[]", '{"code":1}', "plain text"])
def test_a_header_that_cannot_be_read_warns_of_nothing(header: str) -> None:
    assert warnings_in(header) == ()
