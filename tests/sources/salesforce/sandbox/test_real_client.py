"""simple-salesforce, a client we did not write, judges the sandbox through TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceError,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from canonical.deadline import Deadline
from canonical.intake import CrmOrderRequest, LineRequest, WriteBack
from canonical.principal import Principal, View
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.kit.sandbox.faults import Fault
from sources.kit.sandbox.serving import Served, serve_in_thread
from sources.landscape import Instance, Secret
from sources.ports import Lookup
from sources.salesforce.adapter import Salesforce as OurSalesforce
from sources.salesforce.adapter import open_source
from sources.salesforce.ids import long_id
from sources.salesforce.sandbox import SalesforceSandbox


class ToSandbox(HTTPAdapter):
    """Sends what is meant for the vendor's hosts to the sandbox."""

    def __init__(self, served: Served) -> None:
        super().__init__()
        self._served = served

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.headers["Host"] = parts.netloc
        request.url = parts._replace(netloc=f"127.0.0.1:{self._served.port}").geturl()
        return super().send(request, *arguments, **options)


@dataclass
class World:
    sandbox: SalesforceSandbox
    session: requests.Session
    key_file: str
    url: str
    ca_file: str

    def adapter(self) -> OurSalesforce:
        settings = self.sandbox.settings()
        secrets = {name: Secret(settings[name]) for name in ("client_id", "username")}
        secrets["private_key"] = Secret(self.sandbox.private_key.decode())
        chosen = {"ca_file": self.ca_file, "line_erp_key_field": "ERP_Line_Number__c"}
        return open_source(Instance("crm", "salesforce", "crm", self.url, settings=chosen, credentials=secrets))

    def jwt(self, **changed: str) -> Any:
        settings = self.sandbox.settings()
        options: dict[str, Any] = {
            "username": settings["username"],
            "consumer_key": settings["client_id"],
            "privatekey_file": self.key_file,
            "domain": "login",
            "version": "68.0",
            "session": self.session,
        }
        return Salesforce(**(options | changed))


def error_code(refused: SalesforceError) -> str:
    content: Any = refused.content
    return str(content[0]["errorCode"])


@pytest.fixture
def world(sandbox: SalesforceSandbox, certificates: Any, tmp_path: Path) -> Iterator[World]:
    key_file = tmp_path / "client.key"
    key_file.write_bytes(sandbox.private_key)
    with serve_in_thread(sandbox.app, ssl=certificates.server) as served, requests.Session() as session:
        session.mount("https://", ToSandbox(served))
        session.verify = str(certificates.ca_file)
        session.trust_env = False
        yield World(sandbox, session, str(key_file), served.url, session.verify)


def test_it_logs_in_with_a_signed_assertion(world: World) -> None:
    client = world.jwt()

    assert client.query("SELECT Id, Username FROM User")["records"][0]["Username"] == "integration@revgraph.example"


def test_it_logs_in_with_client_credentials(world: World) -> None:
    settings = world.sandbox.settings()

    client: Any = Salesforce(
        consumer_key=settings["client_id"],
        consumer_secret=settings["client_secret"],
        domain="acme.my",
        version="68.0",
        session=world.session,
    )

    assert client.query("SELECT COUNT() FROM Product2")["totalSize"] == 2


def test_a_stranger_is_not_let_in(world: World) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="client identifier invalid"):
        world.jwt(consumer_key="somebody")


def test_it_creates_reads_changes_and_deletes(world: World) -> None:
    client = world.jwt()

    made = client.Account.create({"Name": "Acme", "ERP_Id__c": "C-1"})
    changed = client.Account.update(made["id"], {"Name": "Acme Ltd", "BillingCity": "Ghent"})
    read = client.Account.get(made["id"])
    by_key = client.Account.get_by_custom_id("ERP_Id__c", "C-1")
    deleted = client.Account.delete(made["id"])

    assert (made["success"], changed, deleted) == (True, 204, 204)
    assert (read["Name"], read["BillingAddress"]["city"]) == ("Acme Ltd", "Ghent")
    assert by_key["Id"] == made["id"]
    with pytest.raises(SalesforceResourceNotFound):
        client.Account.get(made["id"])


def test_it_upserts_by_external_id(world: World) -> None:
    client = world.jwt()
    for name in ("a", "b"):
        client.Account.create({"Name": name, "ERP_Customer_Number__c": "D"})

    made = client.Account.upsert("ERP_Id__c/C%2F2", {"Name": "Beta"})
    changed = client.Account.upsert("ERP_Id__c/C%2F2", {"Name": "Beta two"})

    assert (made, changed) == (201, 200)
    assert client.query("SELECT Name FROM Account WHERE ERP_Id__c = 'c/2'")["records"][0]["Name"] == "Beta two"
    with pytest.raises(SalesforceMoreThanOneRecord):
        client.Account.upsert("ERP_Customer_Number__c/D", {"Name": "x"})


def test_it_walks_all_pages(world: World) -> None:
    world.sandbox.load({"Account": [{"Name": f"A{number:03d}"} for number in range(450)]})
    client = world.jwt()
    world.session.headers["Sforce-Query-Options"] = "batchSize=200"

    names = [row["Name"] for row in client.query_all_iter("SELECT Name FROM Account ORDER BY Name")]

    assert len(names) == 450
    assert (names[0], names[-1]) == ("A000", "A449")
    assert len(world.sandbox.log.asked("GET .*/query")) == 3


def test_it_reads_the_allowance_from_the_header(world: World) -> None:
    client = world.jwt()

    client.query("SELECT Id FROM Account")

    assert client.api_usage["api-usage"].total == 1_000_000
    assert client.limits()["DailyApiRequests"]["Max"] == 1_000_000


@pytest.mark.parametrize(
    "soql, code",
    [
        ("SELECT Id FRM Account", "MALFORMED_QUERY"),
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
    ],
)
def test_refused_queries_are_typed(world: World, soql: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        world.jwt().query(soql)

    assert error_code(refused.value) == code


def test_refused_rows_are_typed(world: World) -> None:
    client = world.jwt()

    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.Account.create({})

    content: Any = refused.value.content
    assert content == [
        {
            "message": "Required fields are missing: [Name]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["Name"],
        }
    ]


def test_several_calls_in_one_refer_to_each_other(world: World) -> None:
    answer = world.jwt().restful(
        "composite",
        method="POST",
        json={
            "allOrNone": False,
            "compositeRequest": [
                {
                    "method": "POST",
                    "url": "/services/data/v68.0/sobjects/Account",
                    "referenceId": "acc",
                    "body": {"Name": "Comp"},
                },
                {
                    "method": "POST",
                    "url": "/services/data/v68.0/sobjects/Contact",
                    "referenceId": "con",
                    "body": {"LastName": "L", "AccountId": "@{acc.id}"},
                },
            ],
        },
    )

    assert [each["httpStatusCode"] for each in answer["compositeResponse"]] == [201, 201]


def test_an_expired_session_is_renewed_without_a_word(world: World) -> None:
    client = world.jwt()
    world.sandbox.faults.add(Fault(kind="expire_token", times=1, match="/query"))

    answer = client.query("SELECT COUNT() FROM Product2")

    assert answer["totalSize"] == 2
    assert len(world.sandbox.log.asked("/services/oauth2/token")) == 2


def test_a_spent_allowance_is_a_refusal(world: World) -> None:
    client = world.jwt()
    world.sandbox.org.usage.used = world.sandbox.org.usage.allowance

    with pytest.raises(SalesforceRefusedRequest) as refused:
        client.query("SELECT Id FROM Account")

    assert error_code(refused.value) == "REQUEST_LIMIT_EXCEEDED"


def test_a_failing_platform_is_a_general_error(world: World) -> None:
    client = world.jwt()
    world.sandbox.faults.add(Fault(kind="status", status=503, times=1))

    with pytest.raises(SalesforceGeneralError):
        client.query("SELECT Id FROM Account")


def test_it_reads_back_what_our_adapter_registered_and_wrote_back(world: World) -> None:
    account = long_id("001000000000AAA")
    world.sandbox.load({"Account": [{"Id": account, "Name": "Acme"}]})
    world.sandbox.org.store.run("UPDATE Product2 SET StockKeepingUnit = ProductCode")
    line = LineRequest(sku="P-1", quantity=Decimal(3), unit_price=Decimal("9.95"))
    request = CrmOrderRequest(
        reference="R/1", customer_key=account, currency_code="USD", starts_on=date(2026, 11, 23), lines=(line,)
    )

    async def write() -> str:
        adapter = world.adapter()
        try:
            order = (await adapter.register_order(_call(), request)).key
            (record,) = await adapter.fetch_orders(_call(), Lookup(keys=(order,)), Wanted.of("lines.sku"))
            keys = ((record.lines[0].key, "10"),) if isinstance(record.lines, tuple) else ()
            told = WriteBack(order_key=order, reference="R/1", numbers=("4711",), line_keys=keys)
            await adapter.write_back(_call(), told)
            await adapter.write_back_customer(_call(), account, ["100"])
            return order
        finally:
            await adapter.close()

    key = asyncio.run(write())
    client = world.jwt()
    order = client.Order.get_by_custom_id("Gateway_Key__c", "R/1")
    item = client.OrderItem.get_by_custom_id("Gateway_Key__c", "R/1#1")

    told = ("Id", "Status", "ERP_Order_Number__c", "ERP_Status__c", "TotalAmount")
    assert tuple(order[name] for name in told) == (key, "Activated", "4711", "Booked", 29.85)
    assert (item["OrderId"], item["Quantity"], item["ERP_Line_Number__c"]) == (key, 3.0, "10")
    assert client.Account.get(account)["ERP_Customer_Number__c"] == "100"
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.OrderItem.delete(item["Id"])
    assert error_code(refused.value) == "ENTITY_IS_LOCKED"


def _call() -> Call:
    return Call(Principal("anna", "acme", "test", frozenset()), View(), Deadline.after(30), "cid-1")
