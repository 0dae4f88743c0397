"""The sandbox as others hold it."""

from __future__ import annotations

import stat
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.story import tell_story
from sources.kit.sandbox.contract import OpenSandbox, Sandbox
from sources.salesforce.sandbox import SalesforceSandbox, open_sandbox
from sources.salesforce.sandbox.ids import id18, is_id, new_id
from sources.salesforce.sandbox.model import key


def test_it_keeps_the_contract(tmp_path: Path) -> None:
    opening: OpenSandbox = open_sandbox

    box: Sandbox = opening("crm one", tmp_path)

    assert box.kind == "salesforce"
    told = box.settings()
    assert len(told.pop("webhook_secret")) >= 32
    assert told == {
        "client_id": "3MVG9revgraphSandboxConsumerKey",
        "client_secret": "sandbox-consumer-secret",
        "username": "integration@revgraph.example",
        "audience": "https://login.salesforce.com",
        "organization_id": "00DRg0000000001MAA",
        "private_key_file": str(tmp_path / "salesforce-crm_one.key"),
    }
    assert stat.S_IMODE((tmp_path / "salesforce-crm_one.key").stat().st_mode) == 0o600


def test_its_file_outlives_it(tmp_path: Path) -> None:
    first = open_sandbox("crm", tmp_path)
    first.load({"Account": [{"Name": "Acme"}]})
    first.close()

    second = open_sandbox("crm", tmp_path)

    rows = second.org.store.select('SELECT "Name" FROM "Account"')
    assert (rows, second.private_key) == ([("Acme",)], first.private_key)
    second.close()


def test_it_tells_the_story_and_tells_it_anew(tmp_path: Path) -> None:
    story = tell_story(deals=100, buyers=20)
    box = open_sandbox("crm", tmp_path)
    box.load({"Account": [{"Name": "A stranger"}]})

    for _ in range(2):
        box.tell(story, story.crm_instance)

    deals = sum(deal.crm_key is not None for deal in story.deals)
    assert box.org.store.select('SELECT COUNT(*) FROM "Order"') == [(deals,)]
    assert box.org.store.select('SELECT COUNT(*) FROM "Account" WHERE "Name" = ?', ["A stranger"]) == [(0,)]
    box.close()


def test_an_org_may_have_fields_of_its_own() -> None:
    box = SalesforceSandbox("crm", None, extras={"Order": [key("NetSuite_Id__c")]})

    box.load({"Account": [{"Id": "001A00000000001", "Name": "A", "AnnualRevenue": Decimal("1.10")}]})

    assert "NetSuite_Id__c" in box.org.model.objects["Order"].fields
    assert box.org.store.select('SELECT "AnnualRevenue" FROM "Account"') == [(1.1,)]
    box.close()


@pytest.mark.parametrize("rows", [{"Nope": [{"Name": "x"}]}, {"Account": [{"Name": "A"}, {"Name": "B", "Nope": 1}]}])
def test_loading_what_the_org_lacks_loads_nothing(rows: dict[str, list[dict[str, object]]]) -> None:
    box = SalesforceSandbox("crm", None)

    with pytest.raises(KeyError):
        box.load(rows)

    assert box.org.store.select('SELECT COUNT(*) FROM "Account"') == [(0,)]
    box.close()


@pytest.mark.parametrize(
    "short, long",
    [
        ("001dM00003jU9Gx", "001dM00003jU9GxQAK"),
        ("00DdM00000vfgTu", "00DdM00000vfgTuUAI"),
        ("000000000000000", "000000000000000AAA"),
    ],
)
def test_an_ids_suffix_tells_its_capitals(short: str, long: str) -> None:
    assert id18(short) == long
    assert id18(long) == long
    assert is_id(short)
    assert is_id(long)
    assert not is_id(long[:-1] + "Z")


def test_new_ids_differ_and_start_with_their_prefix() -> None:
    made = [new_id("801", number) for number in range(1, 200)]

    assert len({identity.lower() for identity in made}) == 199
    assert all(identity.startswith("801") and is_id(identity) for identity in made)
