"""A look at an org: does it answer, how many calls are left, may we see and write every field that we need."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from canonical.errors import Fault, Throttled
from canonical.system import SystemHealth
from sources.kit.call import Call
from sources.kit.http.breaker import BreakerState
from sources.ports import Checkup, Finding
from sources.salesforce.bus import ANSWERS_WITHIN, Bus
from sources.salesforce.client import Org, Reader, side_by_side
from sources.salesforce.settings import Settings
from sources.salesforce.shapes import Shapes, columns
from sources.salesforce.soql import Select
from sources.salesforce.streaming import Streaming
from sources.salesforce.wire import Contact, Id
from sources.salesforce.writable import Use, setting_names, writable, written_fields

_SMALL: Final = Select(("Id",), "Account", limit=1)
_READER: Final = Reader(Id, "look")
_FEW_LEFT: Final = 0.05


async def look(
    org: Org,
    call: Call,
    settings: Settings,
    shapes: Shapes,
    *,
    thorough: bool,
    clock: Callable[[], float] = time.monotonic,
) -> Checkup:
    """What one small query tells, and where asked for what each object's description tells; never raises a Fault."""
    began = clock()
    try:
        await org.query(call, [_SMALL], _READER)
    except Fault as fault:
        status = SystemHealth.DEGRADED if isinstance(fault, Throttled) else SystemHealth.DOWN
        told = fault.sentence if not fault.detail else f"{fault.sentence} ({fault.detail})"
        finding = Finding(name="signs in and answers", well=False, advice=told)
        return Checkup(
            status=status, latency_ms=None, calls_remaining=_left(org), message=fault.sentence, findings=(finding,)
        )
    latency = round((clock() - began) * 1000)
    findings = [Finding(name="signs in and answers", well=True), _budget(org)]
    if thorough:
        read, written = _needed(settings, shapes), written_fields(settings)
        looks = await side_by_side(_described(org, call, name, read[name], written.get(name, {})) for name in read)
        findings += [finding for each in looks for finding in each]
    trouble = next((finding.advice for finding in findings if not finding.well), None)
    resting = any(breaker.state is not BreakerState.CLOSED for breaker in org.health)
    status = SystemHealth.DEGRADED if trouble or resting else SystemHealth.UP
    return Checkup(
        status=status, latency_ms=latency, calls_remaining=_left(org), message=trouble, findings=tuple(findings)
    )


async def listened(streaming: Streaming, call: Call, topics: Sequence[str], found: Checkup) -> Checkup:
    """What was found, and whether the event bus lets us listen to each topic; never raises a Fault."""
    if found.status is SystemHealth.DOWN:
        return found
    async with streaming.open() as opened:
        within = min(ANSWERS_WITHIN, call.deadline.left())
        findings = await side_by_side(_listened(opened, topic, within) for topic in topics)
    trouble = next((finding.advice for finding in findings if not finding.well), None)
    return Checkup(
        status=SystemHealth.DEGRADED if trouble else found.status,
        latency_ms=found.latency_ms,
        calls_remaining=found.calls_remaining,
        message=found.message or trouble,
        findings=(*found.findings, *findings),
    )


async def _listened(opened: Bus, topic: str, within: float) -> Finding:
    name = f"tells of {topic}"
    try:
        info = await opened.topic(topic, within)
    except Fault as fault:
        return Finding(name=name, well=False, advice=f"{fault.sentence} ({fault.detail})")
    advice = None if info.can_subscribe else f"Our user may not subscribe to {topic}: give it the right to."
    return Finding(name=name, well=info.can_subscribe, advice=advice)


def _left(org: Org) -> int | None:
    return org.usage.left if org.usage else None


def _budget(org: Org) -> Finding:
    usage = org.usage
    if usage is None or usage.left > usage.allowed * _FEW_LEFT:
        return Finding(name="daily calls", well=True)
    advice = f"Only {usage.left} of {usage.allowed} calls a day are left: raise the allowance or ask less often."
    return Finding(name="daily calls", well=False, advice=advice)


async def _described(
    org: Org, call: Call, sobject: str, read: Mapping[str, str | None], written: Mapping[str, Use]
) -> list[Finding]:
    """`read`: each field we read, and the setting that names it where it is not a standard one."""
    title = f"{sobject} is readable"
    try:
        described = await org.describe(call, sobject)
    except Fault as fault:
        advice = (
            f"Give the integration user read access to {sobject}. The system said: {fault.detail or fault.sentence}"
        )
        return [Finding(name=title, well=False, advice=advice)]
    visible = {field.name for field in described.fields}
    missing = [name for name in read if name not in visible]
    told = ", ".join(f"{name} (setting {read[name]})" if read[name] else name for name in missing)
    advice = f"{sobject} does not show {told}: give the integration user read access, or correct the settings."
    findings = [Finding(name=title, well=not missing, advice=advice if missing else None)]
    return [*findings, writable(sobject, described, written)] if written else findings


def _needed(settings: Settings, shapes: Shapes) -> dict[str, dict[str, str | None]]:
    """By object, the fields that any question may select."""
    named_by = setting_names(settings)
    objects: dict[str, type[Struct]] = {
        "Account": shapes.account,
        "Contact": Contact,
        "Order": shapes.order,
        "OrderItem": shapes.item,
        shapes.quote_object: shapes.quote,
        shapes.quote_line_object: shapes.quote_line,
        "Opportunity": shapes.opportunity,
        "Contract": shapes.contract,
        "Product2": shapes.product,
        "PricebookEntry": shapes.price,
    }
    return {sobject: {name: named_by.get(name) for name in columns(shape)} for sobject, shape in objects.items()}
