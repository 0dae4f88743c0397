"""Input that cannot be booked gets a problem that names the value, and nothing is written anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.serve import Company, open_company
from tests.journeys.asking import Asker
from tests.journeys.working import SUBMIT, new_key, rows, submitted, worked

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("workers"),
    pytest.mark.timeout(400),
]

ERP = "sap-eu"
ORDERS = "select count(*) from A_SalesOrder"
CRM_ORDERS = 'select count(*) from "Order"'
CUSTOMERS = "select count(*) from A_BusinessPartner"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company() -> AsyncIterator[Company]:
    async with open_company() as opened:
        yield opened


@pytest.fixture(scope="module")
def landscape(company: Company) -> Path:
    """The company's, in which the American company sells in dollars and pounds alone."""
    stated = company.landscape.read_text("utf-8")
    american = 'currency = "USD"\n'
    assert stated.count(american) == 1
    path = company.landscape.with_name("narrow.toml")
    path.write_text(stated.replace(american, f'{american}currencies = ["GBP"]\n'), "utf-8")
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask(
    company: Company, landscape: Path, url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Asker]:
    async with worked(company, url, tmp_path_factory.mktemp("worker"), landscape) as (_, asker):
        yield asker


def line(**facts: Any) -> dict[str, Any]:
    return {"sku": "AC-30", "quantity": 2, **facts}


def an_order(company: Company, *lines: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """An order that would be booked, but for what the facts say otherwise."""
    good = (
        one
        for one in company.story.buyers.values()
        if one.crm_key and {each.instance: each.on_hold for each in one.accounts} == {ERP: False, "erp-us": False}
    )
    usual = {"customer": {"crmId": next(good).crm_key}, "currencyCode": "EUR", "legalEntity": "DE01"}
    return {**usual, "lines": list(lines or (line(),)), **facts}


def written(company: Company) -> list[object]:
    """How many orders and customers there are, by the systems' own files."""
    counted = [(system, what) for system in (ERP, "erp-us") for what in (ORDERS, CUSTOMERS)]
    return [rows(company, system, what) for system, what in (*counted, ("salesforce", CRM_ORDERS))]


async def handed_in(ask: Asker) -> int:
    told = await ask("{ submissions(first: 1) { totalCount } }")
    return int(told.data["submissions"]["totalCount"])


def said(payload: Any) -> list[tuple[str, str]]:
    """Code and path of what is against it."""
    return [(one["code"], ".".join(one["field"] or ())) for one in payload["problems"]]


AT_THE_DOOR: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"lines": [line(quantity=-1)]}, ("INVALID_INPUT", "input.lines.0.quantity")),
    ({"lines": [line(), line(quantity=0)]}, ("INVALID_INPUT", "input.lines.1.quantity")),
    ({"lines": []}, ("INVALID_INPUT", "input.lines")),
    ({"lines": [line()] * 10_000}, ("INVALID_INPUT", "input.lines")),
    ({"lines": [line(unitPrice="-1")]}, ("INVALID_INPUT", "input.lines.0.unitPrice")),
    ({"currencyCode": "euro"}, ("INVALID_INPUT", "input.currencyCode")),
    ({"currencyCode": "QQQ"}, ("INVALID_INPUT", "input.currencyCode")),
    ({"currencyCode": "JPY", "legalEntity": "US01"}, ("CURRENCY_NOT_TAKEN", "input.currencyCode")),
    ({"purchaseOrderNumber": "PO \N{ROCKET} 7"}, ("INVALID_INPUT", "input.purchaseOrderNumber")),
    ({"purchaseOrderNumber": "7" * 81}, ("INVALID_INPUT", "input.purchaseOrderNumber")),
    ({"legalEntity": "XX99"}, ("UNKNOWN_LEGAL_ENTITY", "input.legalEntity")),
]


@pytest.mark.parametrize("facts,problem", AT_THE_DOOR, ids=[f"{one[1][1]}-{n}" for n, one in enumerate(AT_THE_DOOR)])
async def test_what_can_be_seen_at_once_is_named_by_its_path_and_is_handed_in_nowhere(
    ask: Asker, company: Company, facts: dict[str, Any], problem: tuple[str, str]
) -> None:
    before, count = written(company), await handed_in(ask)

    told = await ask(SUBMIT, input=an_order(company, **facts), key=new_key())

    payload = told.data["submitOrder"]
    assert (payload["submission"], said(payload)) == (None, [problem])
    assert (payload["problems"][0]["outcome"], payload["problems"][0]["blocking"]) == ("NOT_APPLIED", True)
    assert (await handed_in(ask), written(company)) == (count, before)


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-Infinity", "1e3"])
async def test_a_price_that_is_no_number_is_an_error_that_names_it(ask: Asker, company: Company, price: str) -> None:
    count = await handed_in(ask)

    told = await ask(SUBMIT, input=an_order(company, line(unitPrice=price)), key=new_key())

    assert told.data is None
    assert "unitPrice" in told.errors[0]["message"]
    assert await handed_in(ask) == count


AT_THE_ERP: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"lines": [line(), line(sku="NO-SUCH")]}, [("PRODUCT_REFUSED", "input.lines.1.sku")]),
    ({"currencyCode": "JPY"}, [("CURRENCY_NOT_TAKEN", "input.currencyCode")]),
    ({"purchaseOrderNumber": "7" * 36}, [("SOURCE_REFUSED", "input.purchaseOrderNumber")]),
    ({"lines": [line(quantity="1.2345")]}, [("SOURCE_REFUSED", "input.lines.0.quantity")]),
    ({"requestedDeliveryDate": "2020-01-01"}, [("VALUE_REFUSED", "input.requestedDeliveryDate")]),
    ({"customer": {"crmId": "0015g0000999zzz"}}, [("SOURCE_REFUSED", "input.customer")]),
    (
        {"legalEntity": None, "currencyCode": "JPY", "shipTo": {"country": "US"}},
        [("CURRENCY_NOT_TAKEN", "input.currencyCode")],
    ),
]


@pytest.mark.parametrize("facts,problems", AT_THE_ERP, ids=[f"{one[1][0][1]}-{n}" for n, one in enumerate(AT_THE_ERP)])
async def test_what_only_the_systems_know_is_refused_by_its_path_and_books_nothing(
    ask: Asker, company: Company, facts: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    before = written(company)

    refused = await submitted(ask, an_order(company, **facts))
    validated = await ask(VALIDATE, input=an_order(company, **facts))

    assert (refused["state"], said(refused)) == ("REFUSED", problems)
    assert {one["outcome"] for one in refused["problems"]} == {"NOT_APPLIED"}
    assert [one["status"] for one in refused["exceptions"]] == ["OPEN"] * len(problems)
    assert written(company) == before
    found = validated.data["validateOrder"]
    blocking = [one for one in found["problems"] if one["blocking"]]
    assert (found["valid"], said({"problems": blocking})) == (False, problems)


VALIDATE = """query($input: SubmitOrderInput!) {
  validateOrder(input: $input) { valid problems { code field blocking message } } }"""


async def test_a_currency_that_the_erp_takes_is_booked_though_the_books_are_kept_in_another(
    ask: Asker, company: Company
) -> None:
    wanted = an_order(company, line(unitPrice="90"), currencyCode="GBP")

    validated = (await ask(VALIDATE, input=wanted)).data["validateOrder"]
    booked = await submitted(ask, wanted)
    american = await submitted(ask, {**wanted, "legalEntity": "US01"})

    assert (validated["valid"], said(validated)) == (True, [("FOREIGN_CURRENCY", "input.currencyCode")])
    assert (booked["state"], american["state"]) == ("COMPLETED", "COMPLETED"), (booked, american)
