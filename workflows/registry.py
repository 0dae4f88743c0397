"""Every workflow by the name under which it waits in a queue; names stay, so that what waits is found by them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

from workflows.amend_order import amend_order
from workflows.cancel_order import cancel_order
from workflows.carry_out import carry_out
from workflows.onboard_customer import onboard_customer
from workflows.round import CARRY_OUT
from workflows.submit_order import submit_order
from workflows.workshop import Workshop

Workflow = Callable[[str], Awaitable[object]]

WORKFLOWS: Final[Mapping[str, Callable[[Workshop, str], Awaitable[object]]]] = {
    "submit_order": submit_order,
    "amend_order": amend_order,
    "cancel_order": cancel_order,
    "create_customer": onboard_customer,
    CARRY_OUT: carry_out,
}


def registered(shop: Workshop) -> dict[str, Workflow]:
    """The workflows of a workshop."""
    return {name: partial(run, shop) for name, run in WORKFLOWS.items()}
