from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from sandbox.opening import Tale, open_all
from sandbox.serve import Company, open_company
from sources.landscape_file import read_landscape

TINY = Tale("s4hana", seed=5, deals=110, buyers=30)
BASIC = {"Authorization": "Basic " + b64encode(b"REVGRAPH:Welcome-1").decode()}


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("company")
    for sandbox in open_all(TINY, state).sandboxes.values():
        sandbox.close()
    return state


@pytest.fixture
async def company(told: Path) -> AsyncIterator[Company]:
    async with open_company(TINY, told) as company:
        yield company


async def order_of(company: Company, erp: str, number: str) -> httpx.Response:
    async with httpx.AsyncClient(headers=BASIC, trust_env=False) as client:
        path = f"/sap/opu/odata/sap/API_SALES_ORDER_SRV/A_SalesOrder('{number}')?$format=json"
        return await client.get(company.urls[erp] + path)


async def test_every_system_answers_with_its_part_of_the_story(company: Company) -> None:
    highlight = next(one for one in company.highlights if one["kind"] == "partly shipped")

    answer = await order_of(company, str(highlight["erp"]), str(highlight["erpNumber"]))

    assert answer.status_code == 200
    assert answer.json()["d"]["PurchaseOrderByCustomer"] == highlight["salesforce"]
    async with httpx.AsyncClient(trust_env=False) as client:
        versions = await client.get(f"{company.urls['salesforce']}/services/data")
    assert versions.status_code == 200


async def test_the_landscape_names_every_system_and_holds_no_secret(company: Company) -> None:
    landscape = read_landscape(company.landscape, {}, kinds={"salesforce", "s4hana"})

    assert landscape.crm == "salesforce"
    assert landscape.erps == ("sap-eu", "erp-us")
    assert {name: instance.base_url for name, instance in landscape.instances.items()} == dict(company.urls)
    assert landscape.entities["US01"].erp == "erp-us"
    assert landscape.instances["sap-eu"].credentials["password"].reveal() == "Welcome-1"
    assert "Welcome-1" not in company.landscape.read_text()


async def test_everything_is_live_unless_the_company_is_opened_with_a_cache(company: Company, told: Path) -> None:
    assert read_landscape(company.landscape, {}).cache == {}

    async with open_company(TINY, told, cache=True) as caching:
        cache = read_landscape(caching.landscape, {}).cache

    assert (cache["product"].max_age_seconds, cache["product"].scope) == (300, "public")
    assert set(cache) == {"customer", "product"}


async def test_secrets_are_readable_by_their_owner_alone(company: Company) -> None:
    secrets = list((company.landscape.parent / "secrets").iterdir())

    assert secrets
    assert {file.stat().st_mode & 0o077 for file in secrets} == {0}


def test_a_story_that_was_told_before_is_not_told_again(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tale, "story", property(lambda _: pytest.fail("told again")))

    opened = open_all(TINY, told)

    assert len(opened.orders) == 5
    for sandbox in opened.sandboxes.values():
        sandbox.close()


async def test_what_clients_wrote_outlives_a_restart(told: Path) -> None:
    async with open_company(TINY, told) as company:
        first = company.story.deals[0].crm_key
        company.sandboxes["salesforce"].faults.clear()
    async with open_company(TINY, told) as again:
        assert again.story.deals[0].crm_key == first
        assert again.highlights == company.highlights


def test_another_story_replaces_the_one_before(tmp_path: Path) -> None:
    before = open_all(Tale("s4hana", seed=1, deals=60, buyers=30), tmp_path)
    other = open_all(Tale("s4hana", seed=2, deals=60, buyers=30), tmp_path)

    assert before.orders != other.orders
    for sandbox in (*before.sandboxes.values(), *other.sandboxes.values()):
        sandbox.close()


def test_the_command_writes_the_ready_file_and_ends_cleanly_when_told_to(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "sandbox.serve", "--state", str(tmp_path / "state"), "--ready", str(ready)]
    ready.write_text("stale")

    with subprocess.Popen(
        [*command, "--deals", "60", "--buyers", "30"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ},
    ) as running:
        said = running.stdout.readline() if running.stdout else b""
        wait_for(lambda: ready.exists() and ready.read_text() != "stale", running)
        told = json.loads(ready.read_text())
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=20)

    assert said == b"{\n"
    assert set(told) == {"control", "landscape", "systems", "highlights"}
    assert Path(told["landscape"]).exists()
    assert json.loads((tmp_path / "state" / "sandbox.json").read_text()) == told
    assert running.returncode == 0
    assert errors == b""


def test_who_is_ended_while_the_story_is_told_leaves_no_teller_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox.serve", "--state", str(tmp_path)]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as running:
        wait_for(lambda: list(tmp_path.glob("*.sqlite3")), running)
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=20)

    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)
    assert (running.returncode, errors) == (0, b"")


def wait_for(holds: object, running: subprocess.Popen[bytes]) -> None:
    assert callable(holds)
    deadline = time.monotonic() + 60
    while not holds():
        assert running.poll() is None
        assert time.monotonic() < deadline


def test_with_a_real_erp_only_the_default_story_can_be_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only the default story"):
        open_all(Tale("tryton", seed=8), tmp_path)


@pytest.mark.tryton
@pytest.mark.xdist_group("tryton")
@pytest.mark.timeout(900)
async def test_a_real_erp_keeps_the_books_of_the_second_company(tmp_path: Path) -> None:
    async with open_company(Tale("tryton"), tmp_path) as company:
        landscape = read_landscape(company.landscape, {}, kinds={"salesforce", "s4hana", "tryton"})
        erp = landscape.instances["erp-us"]
        deal = next(deal for deal in company.story.deals if "multi_entity" in deal.traits)
        number = deal.bookings[1].number
        domain = urlsafe_b64encode(json.dumps([["number", "=", number]]).encode()).decode()
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answer = await client.get(
                f"{erp.base_url}/{erp.settings['database']}/rest/model/sale.sale",
                params={"d": domain, "f": "reference"},
                headers={"Authorization": f"Bearer {erp.credentials['key'].reveal()}"},
            )

    assert "erp-us" not in company.sandboxes
    assert [row["reference"] for row in answer.json()] == [deal.crm_key]
