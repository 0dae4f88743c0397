"""What a question will cost is told without opening a system, by the vendor's folder or by the usual one a question."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import pytest

from canonical.legal_entity import LegalEntity
from canonical.wanted import Wanted
from sources import catalog, ports
from sources.kit.forecast import Calls, CallsOf, Need, Question, exactly
from sources.landscape import EntityAt, Instance, Landscape, SettingValue

KINDS = {"crm": "salesforce", "sap": "s4hana", "tryton": "tryton"}
SETTINGS: Mapping[str, Mapping[str, SettingValue]] = {"tryton": {"database": "acme"}}
CODES = {"sap": {"company_code": "1010", "sales_organization": "1010"}, "tryton": {"company": "1"}}


def instance(name: str, **settings: SettingValue) -> Instance:
    entity = EntityAt(LegalEntity("DE01", erp=name), CODES.get(name, {}))
    role = "crm" if name == "crm" else "erp"
    told = {**SETTINGS.get(name, {}), **settings}
    return Instance(name, KINDS[name], role, f"https://{name}.example", told, entities=(entity,))


def calls_of(**changed: Instance) -> CallsOf:
    instances = {name: changed.get(name) or instance(name) for name in KINDS}
    return catalog.forecaster(Landscape("acme", instances, {}))


def need(question: Question, *wanted: str, keys: int = 0, partner_keys: int = 0) -> Need:
    return Need(question=question, wanted=Wanted.of(*wanted), keys=keys, partner_keys=partner_keys)


def test_questions_are_the_methods_of_the_ports() -> None:
    methods = {
        name
        for port in vars(ports).values()
        if inspect.isclass(port) and port.__module__ == ports.__name__
        for name, method in vars(port).items()
        if inspect.iscoroutinefunction(method) and name != "close"
    }

    assert {question.value for question in Question} == methods


@pytest.mark.parametrize(
    "asked, calls",
    [
        ([need(Question.FETCH_ORDERS, keys=1)], exactly(1)),
        ([need(Question.FETCH_ORDERS, keys=300)], exactly(1)),
        ([need(Question.FETCH_ORDERS, keys=1500)], exactly(1)),
        ([need(Question.FETCH_ORDERS, keys=1501)], exactly(2)),
        ([need(Question.FETCH_ORDERS, keys=50), need(Question.FETCH_CUSTOMERS, partner_keys=200)], exactly(1)),
        ([need(Question.FETCH_ORDERS, keys=50), need(Question.FETCH_CUSTOMERS, partner_keys=201)], exactly(2)),
        ([need(Question.FETCH_QUOTES, partner_keys=1000)], exactly(0)),
        ([need(Question.LIST_ORDERS)], exactly(1)),
        ([need(Question.LIST_CUSTOMERS)] * 25, exactly(5)),
        ([need(Question.FETCH_SHIPMENTS, keys=5)], exactly(0)),
    ],
)
def test_salesforce_takes_five_queries_in_one_call(asked: list[Need], calls: Calls) -> None:
    assert calls_of()("crm", asked) == calls


@pytest.mark.parametrize(
    "asked, calls",
    [
        (need(Question.FETCH_ORDERS, keys=5_000), exactly(1)),
        (need(Question.FETCH_SHIPMENTS_OF_ORDERS, keys=5_000), exactly(1)),
        (need(Question.FETCH_INVOICES_OF_ORDERS, "number", keys=50), Calls(1, 2)),
        (need(Question.FETCH_INVOICES_OF_ORDERS, "open", keys=50), Calls(2, 3)),
        (need(Question.FETCH_INVOICES_OF_ORDERS, "credit_memos.open", keys=50), Calls(2, 3)),
        (need(Question.LIST_INVOICES, "status"), exactly(2)),
        (need(Question.FETCH_CREDIT_MEMOS, "number", keys=1), exactly(1)),
        (need(Question.FETCH_CREDIT_MEMOS, "open", keys=1), exactly(2)),
        (need(Question.FETCH_PAYMENTS, "amount", keys=1), exactly(1)),
        (need(Question.FETCH_PAYMENTS, "applications.amount", keys=1), exactly(2)),
        (need(Question.FETCH_BILLING_ACCOUNTS, "payment_terms", keys=1), exactly(1)),
        (need(Question.FETCH_BILLING_ACCOUNTS, "open_balance", "credit.available", keys=1), exactly(3)),
        (need(Question.LIST_PRODUCTS), exactly(1)),
        (Need(question=Question.LIST_PRODUCTS, searched=True), exactly(2)),
        (need(Question.FETCH_QUOTES, keys=1), exactly(0)),
    ],
)
def test_s4hana_takes_one_call_a_service(asked: Need, calls: Calls) -> None:
    assert calls_of()("sap", [asked]) == calls


def test_a_setting_that_leaves_out_a_read_leaves_out_its_call() -> None:
    without = calls_of(sap=instance("sap", credit=False), tryton=instance("tryton", credit=False))

    assert without("sap", [need(Question.FETCH_BILLING_ACCOUNTS, "credit", keys=1)]) == exactly(1)
    assert without("tryton", [need(Question.FETCH_ORDERS, keys=1)]) == exactly(1)
    assert calls_of()("tryton", [need(Question.FETCH_ORDERS, keys=1)]) == exactly(2)


@pytest.mark.parametrize(
    "asked, calls",
    [
        (need(Question.LIST_ORDERS), exactly(2)),
        (need(Question.LIST_ORDERS, partner_keys=51), exactly(2)),
        (need(Question.FETCH_SHIPMENTS, keys=5), exactly(2)),
        (need(Question.FETCH_SHIPMENTS_OF_ORDERS, "status", keys=50), exactly(1)),
        (need(Question.FETCH_INVOICES_OF_ORDERS, "status", keys=50), exactly(1)),
        (need(Question.LIST_INVOICES, "credit_memos.total"), exactly(2)),
        (need(Question.FETCH_BILLING_ACCOUNTS, "credit", keys=3), exactly(1)),
    ],
)
def test_tryton_takes_one_call_a_model(asked: Need, calls: Calls) -> None:
    assert calls_of()("tryton", [asked]) == calls


def test_what_does_not_fit_into_one_address_of_tryton_takes_several_and_a_longer_one_fewer() -> None:
    asked = [need(Question.FETCH_CUSTOMERS, "name", keys=1_000)]

    short, long = calls_of()("tryton", asked), calls_of(tryton=instance("tryton", longest_url=60_000))("tryton", asked)

    assert short.calls in {4, 8}
    assert long == exactly(1)


def test_numbers_beyond_all_measure_are_added_up_at_once() -> None:
    huge = [need(Question.FETCH_ORDERS, keys=10**15)]

    assert calls_of()("tryton", huge).calls > 10**9
    assert calls_of()("crm", huge).calls > 10**9
