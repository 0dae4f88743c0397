from __future__ import annotations

import asyncio
import io

from rich.console import Console

from canonical.system import SystemHealth
from gateway.doctor import as_json, examine, failed, show
from sources.catalog import Sources
from sources.kit.call import Call
from sources.landscape import Instance, Landscape
from sources.ports import Checkup, Finding, Source

REACHED = Finding(name="reachable", well=True)
MISSING = Finding(name="field PO__c of Order", well=False, advice="Give the integration user read access to PO__c.")


class Patient(Source):
    def __init__(self, instance: Instance, checkup: Checkup | None) -> None:
        self.name = instance.name
        self.kind = instance.kind
        self.checkup = checkup
        self.thorough = False

    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:
        self.thorough = thorough
        if self.checkup is None:
            await asyncio.Event().wait()
        assert self.checkup is not None
        return self.checkup

    def origin(self, concept: str, field: str) -> str | None:
        return None

    async def close(self) -> None:
        return


def checkup(status: SystemHealth, *findings: Finding, message: str | None = None) -> Checkup:
    return Checkup(status=status, latency_ms=12, calls_remaining=990, message=message, findings=findings)


def house(found: Checkup | None, *, required: bool = True) -> tuple[Landscape, Sources]:
    instance = Instance("books", "ledger", "erp", "http://127.0.0.1:1", required=required)
    return Landscape("acme", {"books": instance}, {}), Sources({"books": Patient(instance, found)})


async def test_a_system_that_is_well_is_said_to_be_well() -> None:
    landscape, sources = house(checkup(SystemHealth.UP, REACHED))
    console = Console(file=io.StringIO(), width=120)

    diagnoses = await examine(landscape, sources, 1.0)
    show(diagnoses, console)

    assert not failed(diagnoses)
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Everything that was looked at is well." in written
    assert "12 ms" in written
    assert "990" in written
    patient = sources.by_name["books"]
    assert isinstance(patient, Patient)
    assert patient.thorough


async def test_a_missing_permission_at_a_required_system_fails_and_says_what_to_do() -> None:
    landscape, sources = house(checkup(SystemHealth.UP, REACHED, MISSING))
    console = Console(file=io.StringIO(), width=120)

    diagnoses = await examine(landscape, sources, 1.0)
    show(diagnoses, console)

    assert failed(diagnoses)
    said = "books: field PO__c of Order: Give the integration user read access to PO__c."
    assert said in console.file.getvalue()  # type: ignore[attr-defined]


async def test_a_system_that_is_not_required_fails_alone() -> None:
    landscape, sources = house(checkup(SystemHealth.DOWN, message="It refused the connection."), required=False)

    console = Console(file=io.StringIO(), width=120)

    diagnoses = await examine(landscape, sources, 1.0)
    show(diagnoses, console)

    assert diagnoses[0].fails
    assert not failed(diagnoses)
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert "books: is http://127.0.0.1:1 right, and can this machine reach it?" in written
    assert "books: it is not required, so the rest can be served without it." in written


async def test_a_system_that_never_answers_is_down_in_words() -> None:
    landscape, sources = house(None)

    [told] = as_json(await examine(landscape, sources, -0.99))

    assert (told["status"], told["fails"]) == ("DOWN", True)
    assert "Check its address" in told["message"]


async def test_programs_get_all_of_it() -> None:
    landscape, sources = house(checkup(SystemHealth.DEGRADED, MISSING, message="slow"))

    assert as_json(await examine(landscape, sources, 1.0)) == [
        {
            "name": "books",
            "kind": "ledger",
            "role": "erp",
            "required": True,
            "status": "DEGRADED",
            "latencyMs": 12,
            "callsRemaining": 990,
            "message": "slow",
            "fails": True,
            "findings": [
                {
                    "name": "field PO__c of Order",
                    "well": False,
                    "advice": "Give the integration user read access to PO__c.",
                }
            ],
        }
    ]
