"""The small company with a shelf before its systems, on a real Redis."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from redis.asyncio import Redis

from canonical.customer import CustomerRecord
from canonical.deadline import Deadline
from canonical.principal import Principal, View
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.landscape import CachePolicy
from sources.ports import Lookup, Source
from sources.shelf.addresses import Addresses
from sources.shelf.line import Line
from sources.shelf.refreshing import Refreshing
from sources.shelf.shelf import Shelf
from sources.shelf.store import Store
from sources.shelf.systems import Shelved
from tests.fakes.company import NOW, Company, landscape
from tests.fakes.real_redis import RealRedis
from tests.fakes.systems import FakeCrm

P = TypeVar("P", bound=Source)

FIVE_MINUTES = CachePolicy(max_age_seconds=300, stale_while_revalidate_seconds=3600)
_TENANTS = itertools.count()


@dataclass
class Kept:
    """A company whose answers are kept; `now` is the shelf's clock, which stands unless it is moved."""

    company: Company
    systems: Shelved
    store: Store
    line: Line
    refreshing: Refreshing
    redis: Redis
    tenant: str
    now: datetime = NOW

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def port(self, name: str, port: type[P]) -> P:
        """What the resolvers ask: the system, or who stands before it."""
        found = self.systems.get(name, port)
        assert found is not None
        return found

    async def forget(self, system: str, concept: str, *keys: str) -> None:
        """Announce a change; to every record of the concept where no key is named."""
        await self.store.forget(system, concept, list(keys) or None, self.now.timestamp())

    async def addresses(self) -> list[bytes]:
        """Every key of this company in Redis."""
        return [key async for key in self.redis.scan_iter(f"revgraph:{self.tenant}:*")]


@asynccontextmanager
async def keeping(
    redis: RealRedis,
    *names: str,
    policy: CachePolicy = FIVE_MINUTES,
    company: Company | None = None,
    tenant: str | None = None,
    freshness: float | None = None,
) -> AsyncIterator[Kept]:
    """A shelf that keeps what these names stand for; nothing else of its tenant is in Redis unless one is given."""
    company, tenant = company or Company(), tenant or f"acme-{next(_TENANTS)}"
    places = replace(landscape(), tenant=tenant, cache=dict.fromkeys(names, policy))
    instances = {name: replace(one, freshness_seconds=freshness) for name, one in places.instances.items()}
    places = replace(places, instances=instances)
    client = redis.client()
    line, refreshing = Line(client, patience=5), Refreshing()
    store = Store(line, Addresses(tenant))
    shelf = Shelf(places, store, refreshing, lambda: kept.now)
    kept = Kept(company, Shelved(company.systems, shelf), store, line, refreshing, client, tenant)
    await line.look()
    try:
        async with refreshing.open(line):
            yield kept
    finally:
        await client.aclose()


class Gate:
    """Holds back what a CRM answers about customers: it was read, and is on its way until `go` is set."""

    def __init__(self, crm: FakeCrm) -> None:
        """Stand before this CRM from now on."""
        self.read, self.go = asyncio.Event(), asyncio.Event()
        self._ask = crm.fetch_customers
        crm.fetch_customers = self._held  # type: ignore[method-assign]

    async def _held(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[CustomerRecord]:
        told = await self._ask(call, lookup, wanted)
        self.read.set()
        await self.go.wait()
        return told


def call(**view: Any) -> Call:
    """A call of somebody who sees everything, or what the view says."""
    principal = Principal("ann", "acme", "tests", frozenset(), **view)
    return Call(principal, View(**view), Deadline.after(20), "corr-1")
