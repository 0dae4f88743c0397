"""The pretend company's story as this system's own sets hold it."""

from __future__ import annotations

from collections.abc import Mapping

from sources.kit.sandbox.story import Story
from sources.s4hana.sandbox.telling.billing import tell_billing
from sources.s4hana.sandbox.telling.deliveries import tell_deliveries
from sources.s4hana.sandbox.telling.flow import Flow
from sources.s4hana.sandbox.telling.ledger import tell_ledger
from sources.s4hana.sandbox.telling.masters import tell_customers, tell_masters
from sources.s4hana.sandbox.telling.orders import tell_orders
from sources.s4hana.sandbox.telling.part import Part


def tell(story: Story, instance: str) -> dict[str, list[Mapping[str, object]]]:
    """The rows of this instance by entity set; deals of other instances and orders not yet here are left out.

    Absent properties are initial. Orders that are still quotations are left out: another service keeps those.
    """
    part = Part(story, instance)
    tell_masters(part)
    return _with_documents(part)


def tell_dealings(story: Story, instance: str) -> dict[str, list[Mapping[str, object]]]:
    """The same without what is no deal's own: materials, prices and tax rates."""
    part = Part(story, instance)
    tell_customers(part)
    return _with_documents(part)


def _with_documents(part: Part) -> dict[str, list[Mapping[str, object]]]:
    flow = Flow(part)
    tell_orders(part)
    billed = tell_billing(part, flow)
    tell_deliveries(part, billed, flow)
    tell_ledger(part)
    return dict(part.rows)
