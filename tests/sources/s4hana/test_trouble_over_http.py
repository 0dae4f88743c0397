"""How the adapter bears trouble, and what its checkup says of it, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from canonical.errors import ContractBroken, Fault, Throttled, Unavailable
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources.kit.sandbox.faults import Fault as Trouble
from sources.landscape import Secret
from sources.ports import Lookup, OrderQuery
from sources.s4hana.adapter import open_source
from sources.s4hana.sandbox import SystemSettings
from tests.sources.s4hana.opened import call
from tests.sources.s4hana.pretend import NAME, Opened, pretend

EVERYTHING = Wanted.of(
    "number", "customer_key", "purchase_order_number", "subtotal", "tax", "total", "holds", "version", "shipments",
    "lines.sku", "lines.description", "lines.quantity", "lines.unit_price", "lines.amount", "lines.tax",
    "lines.starts_on", "lines.ends_on", "lines.segment", "lines.parent_key",
)  # fmt: skip
FEW = Wanted.of("number")


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with pretend() as held:
        yield held


@pytest.mark.parametrize(
    "trouble,kind",
    [
        (Trouble(kind="status", status=500), Unavailable),
        (Trouble(kind="status", status=503), Unavailable),
        (Trouble(kind="throttle", seconds=3), Throttled),
        (Trouble(kind="reset_before"), Unavailable),
        (Trouble(kind="reset_after"), Unavailable),
        (Trouble(kind="truncate"), (Unavailable, ContractBroken)),
        (Trouble(kind="content_type"), (Unavailable, ContractBroken)),
    ],
    ids=lambda value: value.kind if isinstance(value, Trouble) else "",
)
@pytest.mark.parametrize("many", [False, True], ids=["one read", "combined reads"])
async def test_trouble_on_the_way_is_a_fault_of_our_tree(
    opened: Opened, trouble: Trouble, kind: type[Fault] | tuple[type[Fault], ...], many: bool
) -> None:
    keys = tuple(list(opened.told)[: 100 if many else 1])
    await opened.source.fetch_orders(call(), Lookup(keys=keys), FEW)
    opened.sandbox.faults.add(trouble)

    with pytest.raises(kind) as raised:
        await opened.source.fetch_orders(call(), Lookup(keys=keys), FEW)

    assert isinstance(raised.value, Fault)
    assert raised.value.system == NAME
    assert "Welcome" not in str(raised.value.detail)


async def test_too_slow_an_answer_ends_with_the_deadline(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="latency", seconds=5))

    with pytest.raises(Unavailable, match="in time"):
        await opened.source.list_orders(call(seconds=0.2), OrderQuery(first=5), FEW)


async def test_rows_in_another_order_or_twice_are_matched_by_key(opened: Opened) -> None:
    keys = tuple(list(opened.told)[:40])
    plain = await opened.source.fetch_orders(call(), Lookup(keys=keys), EVERYTHING)
    for kind in ("shuffle_rows", "duplicate_rows"):
        opened.sandbox.faults.add(Trouble(kind=kind, times=1))
        spoilt = await opened.source.fetch_orders(call(), Lookup(keys=keys), EVERYTHING)
        assert {record.ref: record.lines for record in spoilt} == {record.ref: record.lines for record in plain}


async def test_a_wrong_password_is_tried_once_since_three_lock_the_user(opened: Opened) -> None:
    wrong = {"username": Secret("REVGRAPH"), "password": Secret("wrong")}
    source = open_source(replace(opened.instance, credentials=wrong))
    try:
        checkup = await source.check(call())
    finally:
        await source.close()

    assert (checkup.status, checkup.latency_ms is not None) == (SystemHealth.DOWN, True)
    assert "locked" in str(checkup.message)
    assert len(opened.lines()) == 1


async def test_oauth_works_too() -> None:
    async with pretend(settings={"auth": "oauth"}) as opened:
        assert (await opened.source.list_orders(call(), OrderQuery(first=3), FEW)).more


async def test_a_checkup_names_what_is_well_and_how_fast(opened: Opened) -> None:
    quick, thorough = await opened.source.check(call()), await opened.source.check(call(), thorough=True)

    assert (quick.status, quick.findings) == (SystemHealth.UP, ())
    assert quick.latency_ms is not None
    assert thorough.status is SystemHealth.UP
    assert [finding.name for finding in thorough.findings if finding.well and finding.advice is None] == [
        "service for sales orders",
        "service for outbound deliveries",
        "service for billing documents",
        "service for receivables",
        "service for customers",
        "service for products",
        "service for credit accounts",
        "service for simulated orders",
    ]


async def test_a_checkup_says_which_fields_are_missing_for_what_is_written() -> None:
    async with pretend(
        system=SystemSettings(release="2020"), settings={"line_start_field": "YY1_From_SDI", "credit": False}
    ) as opened:
        checkup = await opened.source.check(call(), thorough=True)

    ill = {finding.name: str(finding.advice) for finding in checkup.findings if not finding.well}
    assert set(ill) == {"fields for new sales orders"}
    assert "A_SalesOrder/to_Item/UnderlyingPurchaseOrderItem" in ill["fields for new sales orders"]
    assert "A_SalesOrder/to_Item/YY1_From_SDI" in ill["fields for new sales orders"]


async def test_a_checkup_of_a_system_that_is_only_read_does_not_look_at_writing() -> None:
    async with pretend(system=SystemSettings(release="2020"), settings={"writes": False, "credit": False}) as opened:
        opened.sandbox.log.clear()
        checkup = await opened.source.check(call(), thorough=True)

        assert checkup.status is SystemHealth.UP
        assert opened.sandbox.log.asked("^POST") == []


async def test_a_checkup_says_who_may_not_simulate_orders(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="status", status=403, match="POST .*SIMULATION"))
    checkup = await opened.source.check(call(), thorough=True)

    ill = {finding.name: str(finding.advice) for finding in checkup.findings if not finding.well}
    assert set(ill) == {"service for simulated orders"}
    assert "API_SALES_ORDER_SIMULATION_SRV" in ill["service for simulated orders"]


async def test_a_checkup_says_what_to_switch_on_service_by_service(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="status", status=403, match=r"BUSINESS_PARTNER/\$metadata"))
    opened.sandbox.faults.add(Trouble(kind="status", status=404, match=r"BILLING_DOCUMENT_SRV/\$metadata"))
    checkup = await opened.source.check(call(), thorough=True)

    ill = {finding.name: str(finding.advice) for finding in checkup.findings if not finding.well}
    assert checkup.status is SystemHealth.DEGRADED
    assert set(ill) == {"service for customers", "service for billing documents"}
    assert "SAP_COM_0008" in ill["service for customers"]
    assert "API_BILLING_DOCUMENT_SRV" in ill["service for billing documents"]


async def test_a_checkup_of_a_dead_system_is_an_answer_and_no_fault(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="reset_before"))
    checkup = await opened.source.check(call(), thorough=True)

    assert (checkup.status, checkup.latency_ms) == (SystemHealth.DOWN, None)
