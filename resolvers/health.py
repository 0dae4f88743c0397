"""The health of every configured system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from canonical.system import SystemCheck, SystemHealth
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.asking import side_by_side
from resolvers.context import Context
from sources.landscape import Instance
from sources.ports import Checkup


async def systems(context: Context, parents: Sequence[object], _: Wanted) -> Sequence[list[SystemCheck] | Exception]:
    """Every configured system, in the order of the landscape, looked at just now and side by side."""
    require(context.principal, "systems:read")
    sources = context.systems.by_name
    looks = await side_by_side({name: source.check(context.call) for name, source in sources.items()})
    checked_at = context.clock()
    told = {name: look for name, look in looks.items() if isinstance(look, Checkup)}
    instances = context.landscape.instances.values()
    return [[_check(instance, told.get(instance.name), checked_at) for instance in instances]] * len(parents)


def _check(instance: Instance, look: Checkup | None, at: datetime) -> SystemCheck:
    return SystemCheck(
        name=instance.name,
        kind=instance.kind,
        roles=(instance.role,),
        status=look.status if look else SystemHealth.UNKNOWN,
        latency_ms=look.latency_ms if look else None,
        calls_remaining=look.calls_remaining if look else None,
        checked_at=at,
        message=look.message if look else None,
    )
