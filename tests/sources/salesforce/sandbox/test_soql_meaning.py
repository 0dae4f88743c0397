"""What queries find: nulls, case, dates, parents, children, groups, pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from sources.salesforce.sandbox import SalesforceSandbox
from sources.salesforce.sandbox.soql import answer
from sources.salesforce.sandbox.soql.compiler import compile_query
from sources.salesforce.sandbox.soql.plan import CountPlan, GroupPlan

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def org() -> Iterator[SalesforceSandbox]:
    one = SalesforceSandbox("crm", None, clock=lambda: NOW)
    one.load(
        {
            "Account": [
                {"Id": "001A00000000001", "Name": "Acme", "BillingCity": "Ghent", "ERP_Id__c": "C-1"},
                {"Id": "001A00000000002", "Name": "beta", "BillingCity": None, "ParentId": "001A00000000001"},
                {"Id": "001A00000000003", "Name": "Gamma_50%", "BillingCity": "Bruges"},
            ],
            "Product2": [{"Id": "01tA00000000001", "Name": "Pump", "ProductCode": "P-1"}],
            "PricebookEntry": [
                {
                    "Id": "01uA00000000001",
                    "Product2Id": "01tA00000000001",
                    "Pricebook2Id": "01sRg0000000001",
                    "UnitPrice": Decimal("12.50"),
                }
            ],
            "Order": [
                order(
                    "801A00000000001",
                    "001A00000000001",
                    "Draft",
                    date(2026, 11, 23),
                    datetime(2026, 11, 23, 8, tzinfo=UTC),
                ),
                order(
                    "801A00000000002",
                    "001A00000000001",
                    "Activated",
                    date(2026, 10, 1),
                    datetime(2026, 10, 1, tzinfo=UTC),
                ),
                order(
                    "801A00000000003",
                    "001A00000000002",
                    "Draft",
                    date(2025, 12, 31),
                    datetime(2025, 12, 31, tzinfo=UTC),
                ),
            ],
            "OrderItem": [
                item("802A00000000001", "801A00000000001", 1, "12.50"),
                item("802A00000000002", "801A00000000001", 3, "10.00"),
                item("802A00000000003", "801A00000000001", 2, "11.00"),
                item("802A00000000004", "801A00000000002", 4, "0.10"),
            ],
        }
    )
    yield one
    one.close()


def order(identity: str, account: str, status: str, starts: date, created: datetime) -> dict[str, object]:
    row: dict[str, object] = {"Id": identity, "AccountId": account, "Status": status, "EffectiveDate": starts}
    return row | {"CreatedDate": created, "Pricebook2Id": "01sRg0000000001"}


def item(identity: str, order_id: str, quantity: int, price: str) -> dict[str, object]:
    row: dict[str, object] = {"Id": identity, "OrderId": order_id, "PricebookEntryId": "01uA00000000001"}
    return row | {"Quantity": quantity, "UnitPrice": Decimal(price)}


def run(org: SalesforceSandbox, soql: str, *, deleted: bool = False) -> Any:
    store = org.org.store
    plan = compile_query(soql, org.org.model, NOW.date(), deleted=deleted)
    if isinstance(plan, CountPlan):
        return answer.count(store, plan)
    if isinstance(plan, GroupPlan):
        return answer.groups(store, plan)
    return answer.records(store, plan, store.select(plan.sql, plan.values), "/services/data/v68.0")


def names(org: SalesforceSandbox, where: str) -> list[str]:
    return [row["Name"] for row in run(org, f"SELECT Name FROM Account WHERE {where} ORDER BY Name")]


@pytest.mark.parametrize(
    "where, found",
    [
        ("Name = 'ACME'", ["Acme"]),
        ("Name LIKE 'a%'", ["Acme"]),
        ("Name LIKE '%\\_50\\%'", ["Gamma_50%"]),
        ("Name LIKE '____'", ["Acme", "beta"]),
        ("BillingCity = null", ["beta"]),
        ("BillingCity = ''", ["beta"]),
        ("BillingCity != null", ["Acme", "Gamma_50%"]),
        ("BillingCity != 'ghent'", ["beta", "Gamma_50%"]),
        ("BillingCity <> 'ghent'", ["beta", "Gamma_50%"]),
        ("NOT BillingCity = 'Ghent'", ["beta", "Gamma_50%"]),
        ("NOT (BillingCity = 'Ghent' OR BillingCity = 'Bruges')", ["beta"]),
        ("BillingCity IN ('GHENT', null)", ["Acme", "beta"]),
        ("BillingCity NOT IN ('Ghent')", ["beta", "Gamma_50%"]),
        ("BillingCity NOT IN ('Ghent', null)", ["Gamma_50%"]),
        ("Name < 'b'", ["Acme"]),
        ("Id = '001A00000000002'", ["beta"]),
        ("Id IN ('001A00000000002', '001A00000000003IAA')", ["beta", "Gamma_50%"]),
        ("Parent.Name = 'acme'", ["beta"]),
        ("Parent.Name = null", ["Acme", "Gamma_50%"]),
        ("Id IN (SELECT AccountId FROM Order WHERE Status = 'Activated')", ["Acme"]),
        ("Id NOT IN (SELECT AccountId FROM Order)", ["Gamma_50%"]),
        ("Id IN (SELECT AccountId FROM Order WHERE Account.Name LIKE 'b%')", ["beta"]),
        ("Name = 'Acme' OR (Name = 'beta' AND ParentId != null)", ["Acme", "beta"]),
    ],
)
def test_a_condition_finds(org: SalesforceSandbox, where: str, found: list[str]) -> None:
    assert names(org, where) == found


@pytest.mark.parametrize(
    "where, found",
    [
        ("CreatedDate = TODAY", [1]),
        ("CreatedDate < TODAY", [2, 3]),
        ("CreatedDate >= THIS_YEAR", [1, 2]),
        ("EffectiveDate = LAST_YEAR", [3]),
        ("EffectiveDate = LAST_N_DAYS:60", [1, 2]),
        ("EffectiveDate = LAST_QUARTER", []),
        ("EffectiveDate = THIS_QUARTER", [1, 2]),
        ("EffectiveDate != TODAY", [2, 3]),
        ("EffectiveDate = THIS_MONTH", [1]),
        ("EffectiveDate = LAST_MONTH", [2]),
        ("EffectiveDate = LAST_N_MONTHS:1", [2]),
        ("EffectiveDate > 2026-10-01", [1]),
        ("CreatedDate >= 2026-11-23T09:00:00+01:00", [1]),
        ("CreatedDate > 2026-11-23T09:00:00+01:00", []),
        ("CALENDAR_YEAR(CreatedDate) = 2025", [3]),
        ("CALENDAR_QUARTER(CreatedDate) = 4 AND CALENDAR_MONTH(CreatedDate) = 10", [2]),
        ("DAY_ONLY(CreatedDate) = 2026-11-23", [1]),
        ("TotalAmount = 64.5", [1]),
        ("TotalAmount > 0.3", [1, 2]),
        ("StatusCode = 'Draft'", [1, 3]),
        ("Pricebook2.IsStandard = true", [1, 2, 3]),
    ],
)
def test_a_condition_on_orders_finds(org: SalesforceSandbox, where: str, found: list[int]) -> None:
    rows = run(org, f"SELECT Id FROM Order WHERE {where} ORDER BY Id")

    assert [int(row["Id"][11:15]) for row in rows] == found


@pytest.mark.parametrize(
    "order_by, found",
    [
        ("BillingCity", ["beta", "Gamma_50%", "Acme"]),
        ("BillingCity DESC", ["beta", "Acme", "Gamma_50%"]),
        ("BillingCity NULLS LAST", ["Gamma_50%", "Acme", "beta"]),
        ("BillingCity DESC NULLS LAST", ["Acme", "Gamma_50%", "beta"]),
        ("Name", ["Acme", "beta", "Gamma_50%"]),
        ("Name LIMIT 1 OFFSET 1", ["beta"]),
        ("Parent.Name DESC NULLS LAST, Name DESC", ["beta", "Gamma_50%", "Acme"]),
    ],
)
def test_rows_come_in_order(org: SalesforceSandbox, order_by: str, found: list[str]) -> None:
    assert [row["Name"] for row in run(org, f"SELECT Name FROM Account ORDER BY {order_by}")] == found


def test_parents_and_children_come_along(org: SalesforceSandbox) -> None:
    soql = """
        SELECT id, account.NAME, Account.Parent.Name, TotalAmount,
               (SELECT Quantity, Product2.Name FROM OrderItems WHERE Quantity > 1 ORDER BY Quantity DESC LIMIT 1)
        FROM Order WHERE Id != '801A00000000002' ORDER BY Id"""

    first, second = run(org, soql)

    assert first == {
        "attributes": {"type": "Order", "url": "/services/data/v68.0/sobjects/Order/801A00000000001IAA"},
        "Id": "801A00000000001IAA",
        "Account": {
            "attributes": {"type": "Account", "url": "/services/data/v68.0/sobjects/Account/001A00000000001IAA"},
            "Name": "Acme",
            "Parent": None,
        },
        "TotalAmount": 64.5,
        "OrderItems": {
            "totalSize": 1,
            "done": True,
            "records": [
                {
                    "attributes": {
                        "type": "OrderItem",
                        "url": "/services/data/v68.0/sobjects/OrderItem/802A00000000002IAA",
                    },
                    "Quantity": 3.0,
                    "Product2": {
                        "attributes": {
                            "type": "Product2",
                            "url": "/services/data/v68.0/sobjects/Product2/01tA00000000001IAA",
                        },
                        "Name": "Pump",
                    },
                }
            ],
        },
    }
    assert second["OrderItems"] is None
    assert second["Account"]["Parent"]["Name"] == "Acme"


def test_counts_are_sizes(org: SalesforceSandbox) -> None:
    assert run(org, "SELECT COUNT() FROM OrderItem") == 4
    assert run(org, "SELECT COUNT() FROM OrderItem WHERE Quantity > 1 LIMIT 2") == 2


def test_groups_have_named_columns(org: SalesforceSandbox) -> None:
    soql = (
        "SELECT Account.Name, COUNT(Id), SUM(TotalAmount) total FROM Order GROUP BY Account.Name ORDER BY Account.Name"
    )

    assert run(org, soql) == [
        {"attributes": {"type": "AggregateResult"}, "Name": "Acme", "expr0": 2, "total": 64.9},
        {"attributes": {"type": "AggregateResult"}, "Name": "beta", "expr0": 1, "total": 0.0},
    ]


def test_having_filters_groups(org: SalesforceSandbox) -> None:
    soql = "SELECT OrderId, COUNT(Id) n FROM OrderItem GROUP BY OrderId HAVING COUNT(Id) > 1"

    assert [(row["OrderId"], row["n"]) for row in run(org, soql)] == [("801A00000000001IAA", 3)]


def test_deleted_rows_are_found_only_by_query_all(org: SalesforceSandbox) -> None:
    org.org.store.run('UPDATE "Account" SET "IsDeleted" = 1 WHERE "Name" = ?', ["Acme"])

    assert len(run(org, "SELECT Id FROM Account")) == 2
    assert len(run(org, "SELECT Id FROM Account", deleted=True)) == 3


def test_all_fields_come_with_fields_all(org: SalesforceSandbox) -> None:
    [row] = run(org, "SELECT FIELDS(ALL) FROM Account WHERE Name = 'Acme' LIMIT 1")

    assert (row["Name"], row["ERP_Id__c"], row["IsDeleted"]) == ("Acme", "C-1", False)
    assert list(row["BillingAddress"]) == [
        "city",
        "country",
        "geocodeAccuracy",
        "latitude",
        "longitude",
        "postalCode",
        "state",
        "street",
    ]


def test_times_are_spelled_as_the_platform_spells_them(org: SalesforceSandbox) -> None:
    [row] = run(org, "SELECT CreatedDate, EffectiveDate FROM Order WHERE Id = '801A00000000001'")

    assert (row["CreatedDate"], row["EffectiveDate"]) == ("2026-11-23T08:00:00.000+0000", "2026-11-23")


def test_a_thousand_ids_in_a_list_are_taken(org: SalesforceSandbox) -> None:
    listed = ",".join(f"'001A{number:011d}'" for number in range(1, 1001))

    assert len(run(org, f"SELECT Id FROM Account WHERE Id IN ({listed})")) == 3
