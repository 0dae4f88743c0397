"""What the landscape lets be kept is served without a call, tells its age, and is forgotten at once when it changed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema

from gateway.app import create_app
from gateway.forgetting import forget
from gateway.settings import Settings
from gateway.tokens import Signer
from gateway.wiring import open_house
from resolvers.access import SCOPES
from sandbox.serve import Company
from sources.landscape import CACHEABLE
from tests.fakes.real_redis import RealRedis
from tests.journeys.asking import SECRET, Asker, deal_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = {"max_age_seconds": 3600, "stale_while_revalidate_seconds": 3600}
OLD_AT_ONCE = {"max_age_seconds": 0.001, "stale_while_revalidate_seconds": 3600}
CUSTOMER = """query($id: ID!) { customer(by: {crmId: $id}) { name
  lineage(fields: ["name"]) { value system recordKey fetchedAt ageSeconds stale } } }"""
WHOLE = """query($id: ID!, $sku: String!) {
  product(sku: $sku) { name unit references { system } }
  order(by: {crmId: $id}) { id number status total { amount }
  customer { name billingAddress { city } billingAccounts { legalEntity { code } openBalance { amount } } }
  lines { sku quantity shippedQuantity invoicedQuantity }
  shipments { number status lines { sku quantity } }
  invoices { number status open { amount } lines { quantity } payments { amount { amount } payment { number } }
    creditMemos { number total { amount } } }
  payments { amount { amount } payment { number receivedAt } }
  timeline { nodes { at kind title system } gaps { system } } } }"""

Keeping = Callable[..., AbstractAsyncContextManager[Asker]]


@pytest.fixture(scope="module")
def redis() -> Iterator[RealRedis]:
    server = RealRedis()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def keeping(company: Company, graph: GraphQLSchema, redis: RealRedis, tmp_path: Path) -> Keeping:
    """A gateway that keeps these concepts, and a client of it; Redis holds nothing of an earlier one."""

    @asynccontextmanager
    async def opened(policy: Mapping[str, float], *names: str) -> AsyncIterator[Asker]:
        settings = settings_of(company, redis, tmp_path, policy, names)
        client = redis.client()
        await client.flushdb()
        await client.aclose()
        async with open_house(settings, os.environ, graph) as house:
            app = create_app(settings, lambda: open_house(settings, os.environ))
            app.state.house = house
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=30) as http:
                yield Asker(http, Signer(SECRET, house.landscape.tenant), frozenset(SCOPES))

    return opened


def settings_of(
    company: Company, redis: RealRedis, folder: Path, policy: Mapping[str, float], names: tuple[str, ...]
) -> Settings:
    tables = [f'[cache."{name}"]\n' + "".join(f"{key} = {value}\n" for key, value in policy.items()) for name in names]
    landscape = folder / "revgraph.toml"
    landscape.write_text("\n".join([company.landscape.read_text(), *tables]))
    return Settings.model_validate(
        {"jwt_secret": SECRET, "landscape": landscape, "redis_url": redis.url, "redis_patience_seconds": 5}
    )


def calls(company: Company) -> int:
    """How many questions the systems were asked since this was last called."""
    asked = sum(len(box.log.asked()) for box in company.sandboxes.values())
    for box in company.sandboxes.values():
        box.log.clear()
    return asked


async def test_orders_are_told_from_what_is_kept_just_as_they_are_told_live(
    keeping: Keeping, company: Company, ask: Asker
) -> None:
    traits = ("partly_shipped", "multi_entity", "credit_memo_partial", "part_paid", "credit_hold")
    await compare(keeping, company, ask, [deal_with(company, trait).crm_key or "" for trait in traits])


@pytest.mark.proof
async def test_every_order_is(keeping: Keeping, company: Company, ask: Asker) -> None:
    await compare(keeping, company, ask, [deal.crm_key for deal in company.story.deals if deal.crm_key])


async def compare(keeping: Keeping, company: Company, ask: Asker, keys: list[str]) -> None:
    """Live, read to be kept, and from what is kept: the three are told alike, and the last asks no system."""
    sku = next(iter(company.story.articles.values())).sku
    live = [await ask(WHOLE, id=key, sku=sku) for key in keys]
    async with keeping(LONG, *CACHEABLE) as asked:
        calls(company)
        first = [await asked(WHOLE, id=key, sku=sku) for key in keys]
        assert calls(company) > len(keys)

        again = [await asked(WHOLE, id=key, sku=sku) for key in keys]

        assert calls(company) == 0
    assert all(one.data["order"]["id"] and one.data["product"]["name"] for one in live)
    for told in (first, again):
        assert [one.errors for one in told] == [one.errors for one in live] == [[]] * len(keys)
        assert [one.data for one in told] == [one.data for one in live]
    for one in again:
        sources = one.extensions["sources"]
        assert (sources["calls"], sources["systems"]) == ([], [])
        assert {kept["outcome"] for kept in sources["kept"]} == {"kept"}


async def test_lineage_tells_when_a_kept_value_was_really_read(keeping: Keeping, company: Company) -> None:
    key = deal_customer(company)
    async with keeping(LONG, "customer") as ask:
        first, again = await ask(CUSTOMER, id=key), await ask(CUSTOMER, id=key)

        [live], [kept] = (told.data["customer"]["lineage"] for told in (first, again))
        assert "kept" not in first.extensions["sources"]
        rows = [(row["system"], row["operation"], row["outcome"]) for row in again.extensions["sources"]["kept"]]
        assert sorted(rows) == [(system, "customer", "kept") for system in ("erp-us", "salesforce", "sap-eu")]
        assert again.extensions["sources"]["calls"] == []
        assert kept["fetchedAt"] == live["fetchedAt"]
        assert kept["ageSeconds"] > live["ageSeconds"]
        assert (live["stale"], kept["stale"]) == (False, False)


async def test_lineage_tells_what_is_older_than_it_should_be(keeping: Keeping, company: Company) -> None:
    key = deal_customer(company)
    async with keeping(OLD_AT_ONCE, "customer") as ask:
        first, again = await ask(CUSTOMER, id=key), await ask(CUSTOMER, id=key)

        [live], [kept] = (told.data["customer"]["lineage"] for told in (first, again))
        assert (live["stale"], kept["stale"]) == (False, True)
        assert kept["fetchedAt"] == live["fetchedAt"]
        assert again.extensions["sources"]["kept"][0]["outcome"] == "stale"


async def test_a_change_that_is_announced_is_seen_by_the_next_reader(
    keeping: Keeping, company: Company, redis: RealRedis, tmp_path: Path
) -> None:
    key, other = deal_customer(company), deal_customer(company, 1)
    async with keeping(LONG, "customer") as ask:
        before = [(await ask(CUSTOMER, id=one)).data["customer"]["name"] for one in (key, other)]
        await rename(company, key, "Renamed AG")
        try:
            unannounced = (await ask(CUSTOMER, id=key)).data["customer"]["name"]
            settings = settings_of(company, redis, tmp_path, LONG, ("customer",))
            calls(company)

            await forget(settings, os.environ, "salesforce", "customer", [key])

            told = await ask(CUSTOMER, id=key)
            assert unannounced == before[0]
            assert told.data["customer"]["name"] == "Renamed AG"
            assert told.data["customer"]["lineage"][0]["stale"] is False
            assert (await ask(CUSTOMER, id=other)).data["customer"]["name"] == before[1]
            assert calls(company) == 1
        finally:
            await rename(company, key, before[0])


async def test_a_partners_reader_is_never_served_what_was_read_for_others(keeping: Keeping, company: Company) -> None:
    deal = next(deal for deal in company.story.deals if deal.crm_key and deal.bookings and deal.bookings[0].bills)
    own = company.story.buyers[deal.buyer].crm_key or ""
    other = next(d for d in company.story.deals if d.crm_key and d.buyer != deal.buyer and d.bookings)
    query = """query($mine: ID!, $other: ID!) { mine: order(by: {crmId: $mine}) { number invoices { number } }
      other: order(by: {crmId: $other}) { number } }"""
    async with keeping(LONG, *CACHEABLE) as ask:
        narrow, american = ask.narrowed(accounts={own}), ask.narrowed(legal_entities={"US01"})
        asked = {"mine": deal.crm_key, "other": other.crm_key}
        for _ in range(2):
            whole = await ask(query, **asked)
            partners = await narrow(query, **asked)
            foreign = await american(query, mine=deal.crm_key, other=deal.crm_key)

            assert [whole.errors, partners.errors, foreign.errors] == [[], [], []]
            assert whole.data["other"] is not None
            assert partners.data == {"mine": whole.data["mine"], "other": None}
            if {booking.entity for booking in deal.bookings} == {"DE01"}:
                assert foreign.data == {"mine": None, "other": None}


async def test_a_redis_that_dies_is_not_noticed_by_whoever_asks(
    keeping: Keeping, company: Company, redis: RealRedis
) -> None:
    key = deal_customer(company)
    async with keeping(LONG, "customer") as ask:
        before = await ask(CUSTOMER, id=key)
        redis.kill()
        try:
            told = await ask(CUSTOMER, id=key)
        finally:
            redis.start()

        assert told.errors == []
        assert told.data["customer"]["name"] == before.data["customer"]["name"]
        assert told.extensions["sources"]["calls"]


def deal_customer(company: Company, place: int = 0) -> str:
    """The key of a customer in the CRM."""
    return [buyer.crm_key for buyer in company.story.buyers.values() if buyer.crm_key][place]


async def rename(company: Company, key: str, name: str) -> None:
    """Give a customer another name, as a person does in the CRM."""
    box: Any = company.sandboxes["salesforce"]
    told = box.settings()
    async with httpx.AsyncClient(base_url=company.urls["salesforce"], timeout=10, trust_env=False) as crm:
        grant = {"grant_type": "client_credentials", "client_id": told["client_id"]}
        grant["client_secret"] = told["client_secret"]
        token = (await crm.post("/services/oauth2/token", data=grant)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        changed = await crm.patch(f"/services/data/v68.0/sobjects/Account/{key}", json={"Name": name}, headers=headers)
        assert changed.status_code == 204, changed.text
