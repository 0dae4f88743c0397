"""Systems of another process, asked over HTTP: what a worker of a test has in the place of adapters."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import aiohttp
import msgspec

from canonical import errors
from canonical.customer import CustomerRecord
from canonical.intake import (
    Amendment,
    CrmOrderRequest,
    CustomerAcknowledgment,
    CustomerRequest,
    OrderAcknowledgment,
    OrderQuotation,
    OrderRequest,
    WriteBack,
)
from canonical.order import OrderRecord
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.intake import CustomerIntake, OrderIntake, OrderWriteBack
from sources.kit.call import Call
from sources.ports import (
    Checkup,
    CustomerQuery,
    CustomerSource,
    Lookup,
    OrderQuery,
    OrderSource,
    Page,
)

T = TypeVar("T")
NOT_A_WORKERS = "A worker asks for what is named; it neither lists nor checks."


class Remote:
    """One system over HTTP. A write that got no answer may have been done; a read that got none was not answered."""

    kind = "remote"

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = name, address
        self.session: aiohttp.ClientSession | None = None

    async def ask(self, method: str, kind: type[T], *given: Any, write: bool = False) -> T:
        self.session = self.session or aiohttp.ClientSession()
        body = msgspec.json.encode(given)
        try:
            url = f"{self.address}/{self.name}/{method}"
            async with self.session.post(url, data=body, headers={"X-Pid": str(os.getpid())}) as answer:
                told = msgspec.json.decode(await answer.read())
        except aiohttp.ClientError as lost:
            fault = errors.OutcomeUnknown if write else errors.Unavailable
            raise fault(self.name, f"{self.name} did not answer.") from lost
        if "fault" in told:
            category = errors.ProblemCategory(told["category"])
            raise getattr(errors, told["fault"])(
                told["system"], told["sentence"], retry_after=told["retry_after"], category=category
            )
        return msgspec.convert(told["value"], kind)

    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:
        raise AssertionError(NOT_A_WORKERS)

    def origin(self, concept: str, field: str) -> str | None:
        return None

    async def close(self) -> None:
        if self.session:
            await self.session.close()

    async def fetch_customers(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[CustomerRecord]:
        return await self.ask("fetch_customers", list[CustomerRecord], lookup)

    async def list_customers(self, call: Call, query: CustomerQuery, wanted: Wanted) -> Page[CustomerRecord]:
        raise AssertionError(NOT_A_WORKERS)

    def named_customer(self, reference: str) -> str | None:
        return reference if reference.startswith("acc") else None

    async def fetch_orders(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OrderRecord]:
        return await self.ask("fetch_orders", list[OrderRecord], lookup)

    async def list_orders(
        self, call: Call, query: OrderQuery, wanted: Wanted, also: Lookup | None = None
    ) -> Page[OrderRecord]:
        raise AssertionError(NOT_A_WORKERS)

    def named_order(self, reference: str) -> str | None:
        return reference if reference.startswith("sale") else None


class RemoteErp(Remote, OrderSource, CustomerSource, OrderIntake, CustomerIntake):
    """An ERP over HTTP."""

    async def quote_order(self, call: Call, request: OrderRequest) -> OrderQuotation:
        return await self.ask("quote_order", OrderQuotation, request)

    async def find_orders(self, call: Call, references: Sequence[str]) -> Mapping[str, Sequence[OrderAcknowledgment]]:
        return await self.ask("find_orders", dict[str, list[OrderAcknowledgment]], list(references))

    async def book_order(self, call: Call, request: OrderRequest) -> OrderAcknowledgment:
        return await self.ask("book_order", OrderAcknowledgment, request, write=True)

    async def amend_order(self, call: Call, amendment: Amendment) -> OrderAcknowledgment:
        return await self.ask("amend_order", OrderAcknowledgment, amendment, write=True)

    async def cancel_order(self, call: Call, order_key: str, reference: str, reason: str) -> OrderAcknowledgment:
        return await self.ask("cancel_order", OrderAcknowledgment, order_key, reference, reason, write=True)

    async def find_created_customers(
        self, call: Call, references: Sequence[str]
    ) -> Mapping[str, Sequence[CustomerAcknowledgment]]:
        return await self.ask("find_created_customers", dict[str, list[CustomerAcknowledgment]], list(references))

    async def create_customer(self, call: Call, request: CustomerRequest) -> CustomerAcknowledgment:
        return await self.ask("create_customer", CustomerAcknowledgment, request, write=True)


class RemoteCrm(Remote, OrderSource, CustomerSource, OrderWriteBack):
    """A CRM over HTTP."""

    async def register_order(self, call: Call, request: CrmOrderRequest) -> Ref:
        return await self.ask("register_order", Ref, request, write=True)

    async def write_back(self, call: Call, told: WriteBack) -> None:
        await self.ask("write_back", type(None), told, write=True)
