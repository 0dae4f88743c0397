"""The short form of the run under fire, and what its counting would not let pass."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bench.books import Booked
from bench.chaos import Plan, run
from bench.counting import Kept, Truth
from bench.section import write
from bench.stage import hurried, open_stage, redirected
from bench.wishes import Change, Wish, changes_of, orders_of, wish_of

# A hundred would do as well: they take as long as the machine lets them.
SHORT = Plan(orders=100, seed=7, kill_every=4, calm_after=5, patience=240)


@pytest.mark.xdist_group("workers")
@pytest.mark.timeout(600)
def test_whatever_goes_wrong_one_intent_is_one_order_and_a_person_sees_what_did_not_get_through() -> None:
    under_fire(SHORT)


@pytest.mark.proof
@pytest.mark.tryton
@pytest.mark.xdist_group("workers")
@pytest.mark.timeout(900)
def test_a_real_erp_holds_one_order_for_each_intent_too() -> None:
    under_fire(replace(SHORT, orders=8, erp="tryton"))


def under_fire(plan: Plan) -> None:
    with open_stage(plan.workers, plan.seed, plan.erp) as stage:
        found = asyncio.run(run(stage, plan))

    assert found.violations == []
    assert set(found.counted.accepted) >= {f"order-of-chaos:7:{place:05}" for place in range(plan.orders)}
    assert found.truth.states["COMPLETED"] > plan.orders / 2
    assert len({one.system for one in found.truth.booked}) == 2
    assert found.killed > 0
    assert found.hits.total() > found.requests / 3


def kept(state: str = "COMPLETED", key: str = "key", *, settled: bool = True, shown: bool = False) -> Kept:
    return Kept(key, "RG1" if key == "key" else "RG9", state, settled, 0, 1.0, shown)


def booked(reference: str = "RG1", number: str = "17", *, system: str = "erp", **facts: Any) -> Booked:
    return Booked(system, reference, number, facts.pop("quantities", {"AC": Decimal(2)}), **facts)


def truth(*orders: Booked, numbers: str = "17", crm: int = 1, **submissions: Kept) -> Truth:
    return Truth(submissions or {"key": kept()}, orders, {"RG1": [("801", numbers)] * crm})


WISH = {"key": Wish({"AC": Decimal(2)})}
ACROSS = {"key": Wish({"AC": Decimal(4)}, legs=2)}
MORE, END = Change("more", "key", {"AC": Decimal(7)}), Change("end", "key", None)
GONE = booked(cancelled=True, quantities={})


@pytest.mark.parametrize(
    "found,wishes,changes",
    [
        (truth(booked()), WISH, []),
        (truth(booked("RG1-1"), booked("RG1-2", "18", system="us"), numbers="18;17"), ACROSS, []),
        (truth(booked(quantities={"AC": Decimal(7)}), key=kept(), more=kept(key="more")), WISH, [MORE]),
        (truth(booked(), key=kept(), more=kept("REFUSED", "more", shown=True)), WISH, [MORE]),
        (truth(GONE, key=kept(), more=kept(key="more"), end=kept(key="end")), WISH, [MORE, END]),
        (truth(GONE, key=kept("FAILED", shown=True), crm=0), WISH, []),
        (truth(booked(half=True), key=kept("REFUSED", shown=True)), WISH, []),
    ],
)
def test_what_is_as_promised_is_no_violation(found: Truth, wishes: Mapping[str, Wish], changes: list[Change]) -> None:
    assert found.violations(wishes, changes) == []


@pytest.mark.parametrize(
    "found,sentence",
    [
        (Truth({}, (), {}), "was handed in, and is not in the ledger"),
        (truth(booked(), booked(number="18")), "RG1 is two records of its ERP"),
        (truth(booked(), booked(number="18", half=True)), "RG1 is two records of its ERP"),
        (truth(), "is completed, and 0 orders of 1 are in the ERPs"),
        (truth(booked("RG1-1"), booked("RG1-2", "18")), "is completed, and 2 orders of 1 are in the ERPs"),
        (truth(booked(), key=kept("REFUSED", shown=True)), "was not to be booked, and is: 17"),
        (truth(key=kept("IN_PROGRESS", settled=False)), "is neither settled nor in the exception queue"),
        (truth(key=kept("FAILED")), "did not get through, and nobody is told"),
        (truth(booked(), numbers=""), "in the CRM and ['17'] in the ERPs"),
        (truth(booked(), crm=2), "is 2 orders in the CRM"),
        (truth(booked(), booked("RG2", "9")), "RG2 is booked, and nobody asked"),
        (truth(booked(quantities={"AC": Decimal(3)})), "asks for 2 AC, and 3 AC stands in the ERPs"),
    ],
)
def test_each_broken_promise_is_told(found: Truth, sentence: str) -> None:
    assert any(sentence in one for one in found.violations(WISH))


@pytest.mark.parametrize(
    "found,change,sentence",
    [
        (truth(booked(), key=kept(), more=kept(key="more")), MORE, "asks for 7 AC, and 2 AC stands in the ERPs"),
        (truth(booked(), key=kept(), end=kept(key="end")), END, "was called off, and 17 stands"),
        (truth(GONE, key=kept(), end=kept("REFUSED", "end", shown=True)), END, "asks for 2 AC, and nothing stands"),
        (truth(booked(), key=kept()), END, "end was handed in, and is not in the ledger"),
    ],
)
def test_what_stands_must_be_what_the_last_change_says(found: Truth, change: Change, sentence: str) -> None:
    assert any(sentence in one for one in found.violations(WISH, [change]))


def test_while_a_change_is_open_nothing_is_said_of_what_it_may_have_done() -> None:
    open_change = truth(booked(), key=kept(), more=kept("UNCERTAIN", "more", settled=False, shown=True))

    assert open_change.violations(WISH, [MORE]) == []


OFFERS = [
    {"customer": {"crmId": "1"}, "currencyCode": "USD", "lines": [line, {**line, "sku": "B", "legalEntity": "US01"}]}
    for line in [{"sku": "A", "legalEntity": "DE01"}]
]


def test_what_is_handed_in_and_changed_hangs_on_the_seed_alone() -> None:
    orders = orders_of(OFFERS, 7, 50, wrong=0.1)

    assert orders == orders_of(OFFERS, 7, 50, wrong=0.1) != orders_of(OFFERS, 8, 50, wrong=0.1)
    assert changes_of(orders, 7, 0.5) == changes_of(orders, 7, 0.5) != changes_of(orders, 8, 0.5)
    assert {wish_of(order).legs for order in orders.values()} == {2}
    assert {"NO-SUCH"} < {sku for order in orders.values() for sku in wish_of(order).quantities}


def test_the_systems_of_the_run_settle_soon_and_are_asked_for_writes_with_little_patience() -> None:
    told = '[[instances]]\nbase_url = "http://a"\nsettle_seconds = 660\n\n[instances.settings]\nsap_client = "100"\n'

    hurrying = hurried(redirected(told, {"erp": "http://a"}, {"erp": "http://b"}))

    assert 'base_url = "http://b"\n' in hurrying
    assert "settle_seconds = 12\n" in hurrying
    assert 'write_seconds = 3\nsap_client = "100"' in hurrying


def test_a_real_erp_is_given_more_time_and_less_to_do_at_once_than_the_pretended_ones() -> None:
    one = '[[instances]]\nkind = "KIND"\nsettle_seconds = 660\n\n[instances.settings]\na = 1\n'

    hurrying = tomllib.loads(hurried(one.replace("KIND", "pretended") + one.replace("KIND", "real"), "real"))

    [pretended, real] = hurrying["instances"]
    assert (pretended["settle_seconds"], pretended["limits"], pretended["writes"]["concurrency"]) == (
        12,
        {"timeout_seconds": 5},
        8,
    )
    assert (real["settle_seconds"], real["limits"], real["writes"]["concurrency"]) == (24, {"timeout_seconds": 10}, 3)


def test_a_section_replaces_the_one_before_and_leaves_its_neighbours(tmp_path: Path) -> None:
    report = tmp_path / "benchmarks.md"
    report.write_text("# Benchmarks\n\nfirst\n")

    write("mine", ["old"], report)
    report.write_text(report.read_text() + "last\n")
    write("mine", ["new"], report)

    assert report.read_text() == "# Benchmarks\n\nfirst\n\n<!-- mine -->\nnew\n\n<!-- mine -->\nlast\n"
