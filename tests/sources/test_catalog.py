from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydantic import BaseModel

from canonical.product import ProductRecord
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources import catalog
from sources.kit.call import Call
from sources.landscape import Instance, Landscape
from sources.ports import Checkup, OrderSource, Page, ProductQuery, ProductSource


class Shop(ProductSource):
    def __init__(self, instance: Instance) -> None:
        self.name = instance.name
        self.kind = instance.kind
        self.closed = False

    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:
        return Checkup(status=SystemHealth.UP, latency_ms=1, calls_remaining=None, message=None)

    def origin(self, concept: str, field: str) -> str | None:
        return None

    async def close(self) -> None:
        self.closed = True
        if self.name == "sulking":
            raise OSError("it would not close")

    async def fetch_products(self, call: Call, skus: Sequence[str], wanted: Wanted) -> dict[str, ProductRecord]:
        return {}

    async def list_products(self, call: Call, query: ProductQuery, wanted: Wanted) -> Page[ProductRecord]:
        return Page((), more=False)


def landscape(*names: str) -> Landscape:
    instances = {name: Instance(name, "shop", "erp", "http://127.0.0.1:1") for name in names}
    return Landscape("acme", instances, {})


def test_every_package_with_an_adapter_is_a_kind_and_the_kit_is_not() -> None:
    assert "kit" not in catalog.kinds()
    assert catalog.kinds() == sorted(catalog.kinds())


def test_sources_are_opened_by_their_configured_names() -> None:
    opened = catalog.open_sources(landscape("one", "two"), lambda kind: Shop)

    assert list(opened.by_name) == ["one", "two"]
    assert opened.by_name["two"].kind == "shop"


def test_a_source_is_given_only_as_a_port_that_it_keeps() -> None:
    opened = catalog.open_sources(landscape("one"), lambda kind: Shop)

    assert opened.get("one", ProductSource) is opened.by_name["one"]
    assert opened.get("one", OrderSource) is None
    assert opened.get("nobody", ProductSource) is None


class ShopSettings(BaseModel):
    api_version: int


def test_every_system_that_its_folder_refuses_is_named_with_the_reason() -> None:
    def refuse(instance: Instance) -> Shop:
        if instance.name == "one":
            raise ValueError("it needs the credential 'token'")
        ShopSettings.model_validate({"api_version": "hunter2"})
        return Shop(instance)

    with pytest.raises(catalog.CannotOpenError) as refused:
        catalog.open_sources(landscape("one", "two"), lambda kind: refuse)

    assert str(refused.value).splitlines()[1:] == [
        "  one (shop): it needs the credential 'token'",
        "  two (shop): settings.api_version: expected a valid integer, unable to parse string as an integer",
    ]


async def test_all_sources_are_closed_even_when_one_will_not() -> None:
    opened = catalog.open_sources(landscape("sulking", "calm"), lambda kind: Shop)

    with pytest.raises(OSError, match="would not close"):
        await opened.close()

    calm = opened.by_name["calm"]
    assert isinstance(calm, Shop)
    assert calm.closed


def test_a_vendor_folder_without_a_way_to_open_it_says_what_is_missing() -> None:
    with pytest.raises(ModuleNotFoundError):
        catalog.opener("nobody")
