"""The short form of the run under fire, and what its counting would not let pass."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.chaos import Plan, run
from bench.counting import Kept, Truth
from bench.section import write
from bench.stage import hurried, open_stage


@pytest.mark.xdist_group("workers")
@pytest.mark.timeout(300)
def test_whatever_goes_wrong_one_intent_is_one_order_and_a_person_sees_what_did_not_get_through() -> None:
    plan = Plan(orders=100, seed=7, kill_every=4, calm_after=10, patience=90)

    with open_stage(plan.workers) as stage:
        found = asyncio.run(run(stage, plan))

    assert found.violations == []
    assert sum(found.truth.states.values()) == plan.orders
    assert found.truth.states["COMPLETED"] == sum(len(numbers) for numbers in found.truth.booked.values()) > 0
    assert found.killed > 0
    assert found.hits.total() > found.requests / 4


def kept(state: str = "COMPLETED", *, settled: bool = True, shown: bool = False) -> Kept:
    return Kept("key", "RG1", state, settled, 0, 1.0, shown)


WELL = Truth({"key": kept()}, {"RG1": ["17"]}, {"RG1": [("801", "17")]})


def test_what_is_as_promised_is_no_violation() -> None:
    assert WELL.violations(["key"]) == []


@pytest.mark.parametrize(
    "truth,sentence",
    [
        (Truth({}, {}, {}), "was handed in, and is not in the ledger"),
        (Truth({"key": kept()}, {"RG1": ["17", "18"]}, WELL.registered), "is 2 orders in the ERP"),
        (Truth({"key": kept()}, {}, WELL.registered), "is completed, and no ERP has it"),
        (Truth({"key": kept("REFUSED", shown=True)}, WELL.booked, {}), "was not to be booked, and is: 17"),
        (Truth({"key": kept("IN_PROGRESS", settled=False)}, {}, {}), "is neither settled nor in the exception queue"),
        (Truth({"key": kept("FAILED")}, {}, {}), "did not get through, and nobody is told"),
        (Truth({"key": kept()}, WELL.booked, {"RG1": [("801", "")]}), "in the CRM and ['17'] in the ERP"),
        (Truth({"key": kept()}, {**WELL.booked, "RG2": ["9"]}, WELL.registered), "RG2 is booked, and nobody asked"),
    ],
)
def test_each_broken_promise_is_told(truth: Truth, sentence: str) -> None:
    assert any(sentence in one for one in truth.violations(["key"]))


def test_the_systems_of_the_run_settle_soon_and_are_asked_for_writes_with_little_patience() -> None:
    told = 'settle_seconds = 660\n\n[instances.settings]\nsap_client = "100"\n'

    hurrying = hurried(told)

    assert "settle_seconds = 12\n" in hurrying
    assert 'write_seconds = 3\nsap_client = "100"' in hurrying


def test_a_section_replaces_the_one_before_and_leaves_its_neighbours(tmp_path: Path) -> None:
    report = tmp_path / "benchmarks.md"
    report.write_text("# Benchmarks\n\nfirst\n")

    write("mine", ["old"], report)
    report.write_text(report.read_text() + "last\n")
    write("mine", ["new"], report)

    assert report.read_text() == "# Benchmarks\n\nfirst\n\n<!-- mine -->\nnew\n\n<!-- mine -->\nlast\n"
