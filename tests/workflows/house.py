"""A small company with a desk and a worker in one process, on a real PostgreSQL and without waiting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import text

from canonical.customer import Address, CustomerRecord
from canonical.intent import Intent, LineAsked, SubmitOrder
from canonical.lineage import Stamp
from canonical.principal import Principal
from canonical.refs import Ref, SystemReference
from canonical.submission import Submission, Submitted
from sources.landscape import Landscape
from sources.landscape_rules import OrderRules, Rules, Writes
from tests.fakes.company import NOW, landscape
from tests.fakes.durable import Straight
from tests.fakes.intake import TradingCrm, TradingErp
from tests.fakes.systems import Books, FakeSystems
from workflows.desk import Desk
from workflows.durable import Started
from workflows.forgotten import CHANGE
from workflows.reconcile import reconcile
from workflows.registry import registered
from workflows.store.opening import Store
from workflows.workshop import Pace, Workshop

ANN = Principal("ann", "acme", "quoting", frozenset())
SETTLE = 600.0
QUICK = Pace(attempts=2, first_wait=0.0, look_every=1.0, certain_within=3.0)


class House:
    """Everything that takes part. The clock stands still but for waits, which take no time."""

    def __init__(self, store: Store, rules: Rules | None = None, settle: float = SETTLE) -> None:
        self.store, self.now, self._keys = store, 1000.0, count(1)
        self.crm, self.eu, self.us = TradingCrm(Books()), TradingErp("erp-eu", Books()), TradingErp("erp-us", Books())
        self.landscape = settling(settle, rules or Rules(OrderRules(register_in_crm=False)))
        # A busy machine may need its time: what is told when a store takes too long is tried where a store is away.
        self.desk = Desk(store, self.landscape, wait=0.0, accept_within=60.0, clock=lambda: self.now)
        # What begins now goes the newest way.
        self.durable = Straight(patches=frozenset({CHANGE}))
        self.shop = self.worker(self.durable)

    def worker(self, durable: Straight) -> Workshop:
        """A worker's workshop with this engine."""
        systems = FakeSystems(self.crm, self.eu, self.us)
        shop = Workshop(systems, self.landscape, self.store, durable, QUICK, self._sleep, lambda: self.now)
        durable.workflows = registered(shop)
        return shop

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def customer(self, key: str = "acc1", **facts: Any) -> None:
        """A customer of the CRM."""
        address = Address(street="Am Ring 1", city="Mainz", country="DE")
        self.crm.books.customers.append(_customer("crm", key, **{"billing_address": address, **facts}))

    def known_in(self, erp: TradingErp, number: str, crm_key: str = "acc1") -> None:
        """The customer's record in an ERP."""
        erp.books.customers.append(_customer(erp.name, number, partner_keys=(crm_key,)))

    def customer_of_both(self) -> None:
        """The usual customer of the CRM, whom both ERPs know."""
        self.customer()
        self.known_in(self.eu, "C-77")
        self.known_in(self.us, "C-88")

    async def submit(self, intent: Intent, key: str | None = None, principal: Principal = ANN) -> Submitted:
        """Hand it in; nothing runs yet."""
        return await self.desk.submit(principal, intent, key or f"key-of-sixteen-{next(self._keys):04}", "corr-1")

    async def work(self, durable: Straight | None = None) -> None:
        """Run every round that waits."""
        engine = durable or self.durable
        for started in await self.waiting():
            await engine.run(started)
            await self.say(
                "update dbos.workflow_status set status = 'SUCCESS' where workflow_uuid = :id", id=started.id
            )

    async def waiting(self) -> list[Started]:
        """The rounds that were enqueued and not run."""
        rows = await self.ask(
            "select s.workflow_uuid, s.name, i.inputs from dbos.workflow_status s join dbos.workflow_input i"
            " on i.workflow_uuid = s.workflow_uuid where s.status = 'ENQUEUED' order by s.created_at"
        )
        return [Started(row[1], row[0], json.loads(row[2])["positionalArgs"][0]) for row in rows]

    async def done(self, intent: Intent, key: str | None = None) -> Submission:
        """Hand it in, run it, and look at it."""
        submitted = await self.submit(intent, key)
        assert submitted.submission is not None, submitted.problems
        await self.work()
        return await self.look(submitted.submission.id)

    async def look(self, id: str, principal: Principal = ANN) -> Submission:
        """The submission as it stands."""
        [found] = await self.desk.submissions(principal, [id])
        assert found is not None
        return found

    async def settle(self, minutes: float = 0.02) -> None:
        """Let every attempt's time have run out so many minutes ago."""
        await self.say("update effect set not_before = clock_timestamp() - make_interval(secs => :s)", s=minutes * 60)

    def busy(self, waiting: int) -> Landscape:
        """The same landscape, in which no more than so many may wait for an ERP."""
        instances = self.landscape.instances
        few = {name: replace(one, writes=Writes(waiting=waiting)) for name, one in instances.items()}
        return replace(self.landscape, instances=few)

    async def reconciled(self) -> None:
        """A turn of the schedule at which everything is due."""
        await self.due()
        await reconcile(self.shop)

    async def due(self) -> None:
        """Let the time come at which what waits is taken up again."""
        await self.say(
            "update submission set resume_at = clock_timestamp() - interval '1 second' where resume_at > now()"
        )

    async def ask(self, sentence: str, **given: Any) -> Sequence[Any]:
        """Rows of the store."""
        async with self.store.transaction() as transaction:
            return (await transaction.execute(text(sentence), given)).all()

    async def say(self, sentence: str, **given: Any) -> None:
        """Change the store."""
        async with self.store.transaction() as transaction:
            await transaction.execute(text(sentence), given)


def order(*lines: LineAsked, **facts: Any) -> SubmitOrder:
    """An order of two of P-1 for DE01, unless told otherwise."""
    usual: dict[str, Any] = {"customer": Ref("crm", "acc1"), "currency_code": "EUR", "source": Ref("crm", "sale1")}
    return SubmitOrder(**{**usual, "lines": lines or (line(),), **facts})


def line(sku: str = "P-1", quantity: int = 2, **facts: Any) -> LineAsked:
    """A line."""
    return LineAsked(sku=sku, quantity=Decimal(quantity), **facts)


def _customer(system: str, key: str, **facts: Any) -> CustomerRecord:
    ref, stamp = SystemReference(system, "Customer", key), Stamp(system, "Customer", key, NOW)
    told = {"number": key, "name": "Acme", **facts}
    return CustomerRecord(ref=Ref(system, key), reference=ref, stamp=stamp, **told)


def settling(settle: float, rules: Rules) -> Landscape:
    """The small company's landscape, in which writes settle within so many seconds."""
    given = landscape()
    instances = {name: replace(one, settle_seconds=settle) for name, one in given.instances.items()}
    return replace(given, instances=instances, rules=rules)
