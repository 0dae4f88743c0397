"""Looks at every configured system and says in words what is wrong and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from canonical.principal import Principal, View
from canonical.system import SystemHealth
from gateway.execution import new_call
from sources.catalog import Sources
from sources.landscape import Instance, Landscape
from sources.ports import Checkup, Finding, Source

COLOURS = {SystemHealth.UP: "green", SystemHealth.DEGRADED: "yellow", SystemHealth.DOWN: "red"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found at one system."""

    instance: Instance
    checkup: Checkup

    @property
    def fails(self) -> bool:
        """Whether the adapter cannot do its work there: it is not reached, or something it needs is missing."""
        unreached = self.checkup.status in {SystemHealth.DOWN, SystemHealth.UNKNOWN}
        return unreached or any(not finding.well for finding in self.checkup.findings)


async def examine(landscape: Landscape, sources: Sources, seconds: float) -> list[Diagnosis]:
    """Look at all systems side by side, each for at most that long, in the order of the landscape."""
    found = await asyncio.gather(*(_look(source, landscape.tenant, seconds) for source in sources.by_name.values()))
    return [Diagnosis(landscape.instances[name], found[at]) for at, name in enumerate(sources.by_name)]


def failed(diagnoses: Sequence[Diagnosis]) -> bool:
    """Whether a required system fails."""
    return any(diagnosis.fails and diagnosis.instance.required for diagnosis in diagnoses)


def as_json(diagnoses: Sequence[Diagnosis]) -> list[dict[str, Any]]:
    """The diagnoses for programs."""
    return [
        {
            "name": item.instance.name,
            "kind": item.instance.kind,
            "role": item.instance.role,
            "required": item.instance.required,
            "status": item.checkup.status.value,
            "latencyMs": item.checkup.latency_ms,
            "callsRemaining": item.checkup.calls_remaining,
            "message": item.checkup.message,
            "fails": item.fails,
            "findings": [
                {"name": finding.name, "well": finding.well, "advice": finding.advice}
                for finding in item.checkup.findings
            ],
        }
        for item in diagnoses
    ]


def show(diagnoses: Sequence[Diagnosis], console: Console) -> None:
    """The diagnoses for people: a table, then what to do."""
    table = Table(title="The systems")
    for heading in ("system", "kind", "role", "state", "latency", "calls left", "looked at"):
        table.add_column(heading)
    for item in diagnoses:
        table.add_row(*_row(item))
    console.print(table)
    for item in diagnoses:
        for line in _advice(item):
            console.print(line)
    if not any(item.fails for item in diagnoses):
        console.print("Everything that was looked at is well.")


def _row(item: Diagnosis) -> tuple[str, ...]:
    checkup = item.checkup
    colour = COLOURS.get(checkup.status, "red")
    well = sum(finding.well for finding in checkup.findings)
    return (
        escape(item.instance.name),
        escape(item.instance.kind),
        item.instance.role,
        f"[{colour}]{checkup.status.value}[/{colour}]",
        "-" if checkup.latency_ms is None else f"{checkup.latency_ms} ms",
        "-" if checkup.calls_remaining is None else str(checkup.calls_remaining),
        f"{well} of {len(checkup.findings)} well",
    )


def _advice(item: Diagnosis) -> list[str]:
    name = f"[bold]{escape(item.instance.name)}[/bold]"
    told = " ".join(finding.advice or "" for finding in item.checkup.findings if not finding.well)
    lines = [
        f"{name}: {escape(finding.name)}: {escape(finding.advice or 'it is not well')}"
        for finding in item.checkup.findings
        if not finding.well
    ]
    if item.checkup.message and item.checkup.message not in told:
        lines.append(f"{name}: {escape(item.checkup.message)}")
    if item.checkup.status is SystemHealth.DOWN:
        lines.append(f"{name}: is {escape(item.instance.base_url)} right, and can this machine reach it?")
    if item.fails and not item.instance.required:
        lines.append(f"{name}: it is not required, so the rest can be served without it.")
    return lines


async def _look(source: Source, tenant: str, seconds: float) -> Checkup:
    principal = Principal("doctor", tenant, "revgraph doctor", frozenset())
    call = new_call(principal, View(), seconds, f"doctor-{source.name}")
    try:
        async with asyncio.timeout(seconds + 1):
            return await source.check(call, thorough=True)
    except TimeoutError:
        sentence = f"It did not answer within {seconds:g} seconds. Check its address and the way there."
        return Checkup(
            status=SystemHealth.DOWN,
            latency_ms=None,
            calls_remaining=None,
            message=sentence,
            findings=(Finding(name="reachable", well=False, advice=sentence),),
        )
