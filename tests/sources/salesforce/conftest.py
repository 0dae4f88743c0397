"""An org to write to, over HTTP: an account, a quote and two priced products."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from sources.kit.http.transport import open_transport
from sources.kit.sandbox.faults import Fault
from sources.kit.sandbox.serving import serve
from sources.landscape import Instance, Limits, Secret
from sources.salesforce.adapter import ListenedSalesforce, Salesforce, open_source
from sources.salesforce.ids import long_id
from sources.salesforce.sandbox.box import SalesforceSandbox
from tests.sources.salesforce.asking import Settings

ACCOUNT, DEAL = long_id("001000000000AAA"), long_id("006000000000AAA")
QUOTE, QUOTE_LINE = long_id("0Q0000000000AAA"), long_id("0QL000000000AAA")
PUMP, VALVE = long_id("01t000000000AAA"), long_id("01t000000000AAB")
PUMP_PRICE, VALVE_PRICE = long_id("01u000000000AAA"), long_id("01u000000000AAB")
BOOK = long_id("01sRg0000000001")
SETTINGS: Settings = {
    "currency": "USD",
    "line_segment_field": "Segment__c",
    "line_parent_field": "Parent_Item__c",
    "requested_date_field": "Requested_Date__c",
    "legal_entity_field": "Legal_Entity__c",
    "erp_failure_field": "ERP_Failure__c",
    "line_erp_key_field": "ERP_Line_Number__c",
}
ROWS: dict[str, list[dict[str, object]]] = {
    "Account": [{"Id": ACCOUNT, "Name": "Acme", "ERP_Customer_Number__c": "100"}],
    "Opportunity": [{"Id": DEAL, "Name": "Deal", "AccountId": ACCOUNT, "StageName": "Closed Won"}],
    "Product2": [
        {"Id": PUMP, "Name": "Pump", "StockKeepingUnit": "P-1", "IsActive": True},
        {"Id": VALVE, "Name": "Valve", "StockKeepingUnit": "V-1", "IsActive": True},
    ],
    "PricebookEntry": [
        {"Id": entry, "Pricebook2Id": BOOK, "Product2Id": product, "UnitPrice": Decimal(price), "IsActive": True}
        for entry, product, price in ((PUMP_PRICE, PUMP, "12.50"), (VALVE_PRICE, VALVE, "3.00"))
    ],
    "Quote": [{"Id": QUOTE, "Name": "Q", "QuoteNumber": "00000077", "OpportunityId": DEAL, "AccountId": ACCOUNT}],
    "QuoteLineItem": [{"Id": QUOTE_LINE, "QuoteId": QUOTE, "Product2Id": PUMP, "Quantity": 1, "UnitPrice": 12}],
}


class Gate(httpx.AsyncBaseTransport):
    """The network, but that calls to one path wait before they leave."""

    def __init__(self, path: str) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        self._path = path
        self._network: httpx.AsyncBaseTransport | None = None

    def before(self, network: httpx.AsyncBaseTransport) -> Gate:
        self._network = network
        return self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self._network
        if request.url.path.endswith(self._path):
            self.reached.set()
            await self.opened.wait()
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        assert self._network
        await self._network.aclose()


@dataclass
class Shop:
    """The org, and adapters on it."""

    box: SalesforceSandbox
    url: str
    opened: list[Salesforce] = field(default_factory=list)

    def open(self, settings: Settings | None = None, attempts: int = 1, gate: Gate | None = None) -> Salesforce:
        told = self.box.settings()
        secrets = {name: Secret(told[name]) for name in ("client_id", "client_secret", "username")}
        secrets["private_key"] = Secret(self.box.private_key.decode())
        chosen = SETTINGS if settings is None else settings
        limits = Limits(attempts=attempts)
        instance = Instance("crm", "salesforce", "crm", self.url, settings=chosen, credentials=secrets, limits=limits)
        transport = gate.before(open_transport(instance)) if gate else None
        self.opened.append(open_source(instance, transport=transport))
        return self.opened[-1]

    def listen(self, settings: Settings | None = None) -> ListenedSalesforce:
        """An adapter that listens to the event bus."""
        told = self.box.settings()
        bus = {name: told[name] for name in ("pubsub_endpoint", "pubsub_ca_file", "organization_id")}
        opened = self.open({**SETTINGS, **bus, **(settings or {})})
        assert isinstance(opened, ListenedSalesforce)
        return opened

    def fail(self, kind: str, match: str, **more: object) -> None:
        """Misbehave once at the next request that matches."""
        self.box.faults.add(Fault.model_validate({"kind": kind, "match": match, "times": 1, **more}))

    def rows(self, sobject: str, *names: str) -> list[tuple[Any, ...]]:
        """What stands in the org, past its API."""
        listed = ", ".join(f'"{name}"' for name in names)
        sql = f'SELECT {listed} FROM "{sobject}" WHERE "IsDeleted" = 0 ORDER BY rowid'
        return self.box.org.store.select(sql)

    def sent(self) -> list[str]:
        """The calls since the last look, in few words."""
        lines = [f"{one.method} {one.path.partition('/v68.0')[2]}" for one in self.box.log.asked("/services/data")]
        self.box.log.clear()
        return lines


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Shop]:
    box = SalesforceSandbox("crm", None)
    box.load(ROWS)
    async with serve(box.app) as served:
        one = Shop(box, served.url)
        yield one
        for adapter in one.opened:
            await adapter.close()
    box.close()


@pytest_asyncio.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Shop]:
    """The same org with its event bus."""
    box = SalesforceSandbox("crm", None, events=tmp_path)
    box.load(ROWS)
    async with serve(box.app) as served:
        one = Shop(box, served.url)
        yield one
        for adapter in one.opened:
            await adapter.close()
    box.close()


@pytest_asyncio.fixture
async def crm(shop: Shop) -> Salesforce:
    return shop.open()
