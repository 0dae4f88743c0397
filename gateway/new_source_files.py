"""The files of a new vendor folder; @name@ stands for its name, @Name@ for the name of its class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.new_source_papers import QUALITY, README

_INIT: Final = '"""@Name@ as a source."""\n'

_ADAPTER: Final = '''"""The ports that @Name@ keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from canonical.errors import Fault
from canonical.product import ProductRecord
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources.@name@.client import @Name@Client
from sources.@name@.mapping import EVENTS, ORIGINS, to_product
from sources.@name@.settings import settings_of
from sources.feeds import Delivery, Receipt, Webhook
from sources.kit.call import Call
from sources.kit.webhook.door import Door, by_type
from sources.landscape import Instance
from sources.ports import Checkup, Finding, Page, ProductQuery, ProductSource


def open_source(instance: Instance, *, transport: httpx.AsyncBaseTransport | None = None) -> @Name@:
    """The system as a source; ValueError when its settings or credentials are wrong. Nothing is called."""
    return @Name@(instance, @Name@Client(instance, settings_of(instance), transport))


class @Name@(ProductSource, Webhook):
    """Asks the client, maps, returns."""

    def __init__(self, instance: Instance, client: @Name@Client) -> None:
        self.name = instance.name
        self.kind = instance.kind
        self._client = client
        self._door = Door(instance, by_type(EVENTS))

    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:  # noqa: ARG002 - the port's
        """One small authorised call; `thorough` finds nothing more yet."""
        try:
            milliseconds = await self._client.ping(call)
        except Fault as fault:
            finding = Finding(name="reachable and authorised", well=False, advice=fault.sentence)
            return _found(SystemHealth.DOWN, None, finding)
        return _found(SystemHealth.UP, milliseconds, Finding(name="reachable and authorised", well=True))

    def origin(self, concept: str, field: str) -> str | None:
        """The vendor's own name of a field."""
        return ORIGINS.get((concept, field))

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    async def fetch_products(
        self,
        call: Call,
        skus: Sequence[str],
        wanted: Wanted,  # noqa: ARG002 - narrow the vendor's field list to it
    ) -> Mapping[str, ProductRecord]:
        """Products by sku."""
        rows = await self._client.products(call, skus)
        return {row.sku: to_product(row, self.name, self._client.now()) for row in rows}

    async def list_products(
        self,
        call: Call,
        query: ProductQuery,
        wanted: Wanted,  # noqa: ARG002 - narrow the vendor's field list to it
    ) -> Page[ProductRecord]:
        """One page of the stream."""
        rows, more = await self._client.product_page(call, query.first, query.after_sku, query.search)
        return Page(tuple(to_product(row, self.name, self._client.now()) for row in rows), more)

    def read_delivery(self, delivery: Delivery) -> Receipt:
        """CloudEvents that the vendor, or whoever stands before it, sends; docs/adding-a-source.md says how."""
        return self._door.read(delivery)


def _found(status: SystemHealth, milliseconds: int | None, finding: Finding) -> Checkup:
    return Checkup(
        status=status,
        latency_ms=milliseconds,
        calls_remaining=None,
        message=finding.advice,
        findings=(finding,),
    )
'''

_CLIENT: Final = '''"""The vendor's HTTP: its addresses, its paging, its error bodies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import httpx

from canonical.errors import Fault
from sources.@name@.settings import Settings
from sources.@name@.wire import ProductRow, Products
from sources.kit.auth.fixed import bearer, no_authorization
from sources.kit.call import Call, chunks
from sources.kit.http.ask import Answer, Ask
from sources.kit.http.client import SystemClient
from sources.kit.http.decoding import JsonDecoder
from sources.landscape import Instance

KEYS_A_CALL = 100


class @Name@Client:
    """Asks, decodes, and tells the vendor's own failures."""

    def __init__(
        self, instance: Instance, settings: Settings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        token = instance.credentials.get("token")
        self._system = instance.name
        self._path = settings.path
        self._http = SystemClient(
            instance, bearer(token) if token else no_authorization(), self._translate, transport=transport
        )
        self._decoder = JsonDecoder(Products)

    def now(self) -> datetime:
        """When an answer that came just now was fetched."""
        return datetime.now(UTC)

    async def ping(self, call: Call) -> int:
        """The milliseconds of the smallest authorised call."""
        began = call.deadline.left()
        await self.product_page(call, 1, None, None)
        return int((began - call.deadline.left()) * 1000)

    async def products(self, call: Call, skus: Sequence[str]) -> list[ProductRow]:
        """The products of these skus, in as few calls as the vendor allows."""
        rows: list[ProductRow] = []
        for some in chunks(skus, KEYS_A_CALL):
            rows += (await self._ask(call, (("skus", ",".join(some)),))).items
        return rows

    async def product_page(
        self, call: Call, first: int, after_sku: str | None, search: str | None
    ) -> tuple[list[ProductRow], bool]:
        """One page by sku, and whether more follow."""
        query = [("limit", str(first))]
        query += [("after", after_sku)] if after_sku else []
        query += [("search", search)] if search else []
        page = await self._ask(call, tuple(query))
        return page.items, page.more

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.close()

    async def _ask(self, call: Call, query: tuple[tuple[str, str], ...]) -> Products:
        answer = await self._http.send(call, Ask(path=self._path, query=query, operation="read products"))
        page = self._decoder.decode(self._system, answer)
        answer.tell_rows(len(page.items))
        return page

    def _translate(self, answer: Answer) -> Fault | None:  # noqa: ARG002 - the kit's
        # Statuses alone are read by the kit; a failure that this vendor tells in an error body is read here.
        return None
'''

_MAPPING: Final = '''"""The vendor's words in ours; pure: no waiting, no clock, no settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from canonical.changes import Concept
from canonical.lineage import Stamp
from canonical.product import ProductRecord
from canonical.refs import Ref, SystemReference
from sources.@name@.wire import ProductRow
from sources.kit.webhook.door import Told

ORIGINS: Mapping[tuple[str, str], str] = {
    ("Product", "sku"): "Product.sku",
    ("Product", "name"): "Product.title",
}
"""The vendor's field behind each of ours."""
EVENTS: Mapping[str, Told] = {
    "@name@.product.changed": Told(Concept.PRODUCT, "sku"),
}
"""What events of the vendor's types are about, and the field of their data with our key."""


def to_product(row: ProductRow, system: str, fetched_at: datetime) -> ProductRecord:
    """A product as it was fetched."""
    return ProductRecord(
        ref=Ref(system, row.sku),
        reference=SystemReference(system, "Product", row.sku),
        stamp=Stamp(system, "Product", row.sku, fetched_at),
        sku=row.sku,
        name=row.title,
    )
'''

_WIRE: Final = '''"""The fields we read: strict on these, silent on all others."""

from __future__ import annotations

from msgspec import Struct


class ProductRow(Struct, frozen=True):
    """One product as the vendor sends it."""

    sku: str
    title: str


class Products(Struct, frozen=True):
    """One page of products."""

    items: list[ProductRow]
    more: bool = False
'''

_SETTINGS: Final = '''"""What a landscape says of one @Name@ system, checked."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from sources.landscape import Instance


class Settings(BaseModel):
    """The settings of one system; the names are those of the landscape file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(default="/products", description="where the products are, below the base URL")


def settings_of(instance: Instance) -> Settings:
    """The instance's settings; pydantic's ValidationError (a ValueError) names each that is wrong."""
    return Settings.model_validate(dict(instance.settings))
'''

_SANDBOX: Final = '''"""A pretend @Name@, written from the vendor's documents; it shares no line with the adapter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from sources.kit.sandbox.faults import Faults
from sources.kit.sandbox.log import RequestLog
from sources.kit.sandbox.middleware import Manners, misbehaving
from sources.kit.sandbox.story import Story


class Pretend:
    """Holds what it was told and serves it."""

    kind = "@name@"

    def __init__(self) -> None:
        self.faults = Faults()
        self.log = RequestLog()
        self._titles: dict[str, str] = {}
        pages = Starlette(routes=[Route("/products", self._products)])
        self.app: ASGIApp = misbehaving(pages, self.faults, self.log, Manners(_error_body, lambda: None))

    def settings(self) -> dict[str, str]:
        """Nothing beside the address is needed."""
        return {}

    def tell(self, story: Story, instance: str) -> None:  # noqa: ARG002 - the contract's
        """Hold the story's articles; repeats replace."""
        self._titles = {article.sku: article.name for article in story.articles.values()}

    async def _products(self, request: Request) -> JSONResponse:
        asked = request.query_params
        names = sorted(asked["skus"].split(",") if "skus" in asked else self._titles)
        after, search = asked.get("after", ""), asked.get("search", "").lower()
        held = [sku for sku in names if sku in self._titles and sku > after and search in self._titles[sku].lower()]
        page = held[: int(asked.get("limit", "100"))]
        return JSONResponse({"items": [{"sku": sku, "title": self._titles[sku]} for sku in page], "more": page != held})


def open_sandbox(name: str, state: Path) -> Pretend:  # noqa: ARG001 - the contract's
    """The pretend system, empty until it is told the story; it keeps no files."""
    return Pretend()


def _error_body(status: int) -> tuple[str, bytes]:
    said: Mapping[str, object] = {"error": {"status": status}}
    return "application/json", json.dumps(said).encode()
'''

FILES: Final[Mapping[str, str]] = {
    "README.md": README,
    "__init__.py": _INIT,
    "adapter.py": _ADAPTER,
    "client.py": _CLIENT,
    "mapping.py": _MAPPING,
    "wire.py": _WIRE,
    "settings.py": _SETTINGS,
    "sandbox.py": _SANDBOX,
    "quality.toml": QUALITY,
}
"""The text of each file, in the order to read them."""
