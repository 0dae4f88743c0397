"""The whole way of an amended contract: agreed in the CRM, heard of by its stream or by looking, and told once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio

from canonical.events import Event
from canonical.refs import Ref
from canonical.timeline import TimelineArea, TimelineKind
from gateway.wiring import House
from sandbox.serve import Company, open_company
from sources.salesforce.sandbox import SalesforceSandbox
from tests.fakes.postgres import Databases
from tests.fakes.waiting import until
from tests.journeys.working import worked
from workflows.log import read_log, standing

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("workers"),
    pytest.mark.timeout(300),
]

CRM = "salesforce"
FEEDS = {
    "by looking alone": "poll_seconds = 0.5\nstream = false",
    "by the stream alone": "poll_seconds = 3600\nstream = true",
    "by both": "poll_seconds = 0.5\nstream = true",
}
TIMELINE = """query($id: ID!) { order(by: {crmId: $id}) { timeline(kinds: [CONTRACT_AMENDED]) {
  nodes { area kind title system reference { key } subject { id } } gaps { system } } id } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company() -> AsyncIterator[Company]:
    """A company of our own: what happens in it is in nobody else's way."""
    async with open_company() as opened:
        yield opened


@pytest.mark.parametrize("way", FEEDS)
async def test_an_amended_contract_is_told_once_of_its_order_whoever_told_of_it(
    company: Company, control: httpx.AsyncClient, databases: Databases, tmp_path: Path, way: str
) -> None:
    key, ways = ramp(company), 2 if way == "by both" else 1
    with databases.one() as url:
        async with worked(company, url, tmp_path, heard(company, way)) as (house, ask):
            await until(lambda: listens(house, company, way))
            contract, at = await amend(control, key)
            await until(lambda: told(house, key, at))
            await until(lambda: looked_at(house, contract, at, ways))
            once = await told(house, key, at)
            _, again = await amend(control, key)
            await until(lambda: told(house, key, again))

            shown = (await ask(TIMELINE, id=key)).data["order"]

    [event] = once
    assert event.happening is not None
    assert (event.happening.area, event.happening.system) == (TimelineArea.CONTRACT, CRM)
    assert event.happening.reference is not None
    assert event.happening.reference.key == contract
    [node] = shown["timeline"]["nodes"]
    assert (node["area"], node["kind"], node["system"]) == ("CONTRACT", "CONTRACT_AMENDED", CRM)
    assert (node["reference"]["key"], node["title"]) == (contract, event.happening.title)
    assert node["subject"]["id"] == shown["id"]
    assert shown["timeline"]["gaps"] == []


def ramp(company: Company) -> str:
    """An order that hangs on a contract."""
    deals = [deal for deal in company.story.deals if any(line.segment for line in deal.lines)]
    return next(deal.crm_key for deal in deals if deal.crm_key and deal.crm_status == "Activated")


def heard(company: Company, way: str) -> Path:
    """The landscape in which the CRM, the first instance, is listened to in this way."""
    before, crm, others = company.landscape.read_text().split("[[instances]]\n", 2)
    feed = f"[instances.feed]\n{FEEDS[way]}\n\n"
    path = company.landscape.with_name(f"{way.replace(' ', '_')}.toml")
    path.write_text("[[instances]]\n".join((before, f"{crm}{feed}", others)))
    return path


async def amend(control: httpx.AsyncClient, key: str) -> tuple[str, datetime]:
    """Let the order's contract be amended; the contract's key, and when that was by the CRM, to the millisecond."""
    answer = await control.post("/story/steps", json={"step": "amend_contract", "order": key})
    assert answer.status_code == 201, answer.text
    [written] = answer.json()["written"]
    at = datetime.fromisoformat(answer.json()["at"])
    return str(written["key"]), at.replace(microsecond=at.microsecond // 1000 * 1000)


async def told(house: House, key: str, at: datetime) -> Sequence[Event]:
    """What the log has of this amendment of the order's contract."""
    assert house.desk is not None
    async with house.desk.store.transaction() as transaction:
        log = await standing(transaction)
        events = [one.event for one in await read_log(transaction, log.epoch, 0, log.head, log.head)]
    amended = [one for one in events if one.happening and one.happening.kind is TimelineKind.CONTRACT_AMENDED]
    return [one for one in amended if one.order == Ref(CRM, key) and one.at == at]


async def listens(house: House, company: Company, way: str) -> bool:
    """Whether the CRM is listened to in this way, on all of its topics."""
    topics = 0 if way == "by looking alone" else 5
    begun = await rows(house, f"select way from feed where system = '{CRM}' and position is not null")
    return bool(begun) and cast("SalesforceSandbox", company.sandboxes[CRM]).bus.streams >= topics


async def looked_at(house: House, contract: str, at: datetime, ways: int) -> bool:
    """Whether the amendment was told in so many ways, and all of it was looked at.

    By looking it is told under the contract's id and its stamp, which has whole seconds.
    """
    since = at.replace(microsecond=0).isoformat()
    asked = f"select event_id, due_at from change_in where key = '{contract}' and changed_at >= '{since}'"
    found = await rows(house, asked)
    told_by = {event_id.startswith(contract) for event_id, _ in found}
    return len(told_by) >= ways and all(due is None for _, due in found)


async def rows(house: House, asked: str) -> Sequence[Any]:
    assert house.desk is not None
    async with house.desk.store.transaction() as transaction:
        return (await transaction.exec_driver_sql(asked)).all()
