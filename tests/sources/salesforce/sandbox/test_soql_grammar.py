"""What the query language takes and what it refuses, and how it words the refusal."""

from __future__ import annotations

from datetime import date

import pytest

from sources.salesforce.sandbox.cpq import package_objects
from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.model import Model
from sources.salesforce.sandbox.objects import standard_objects
from sources.salesforce.sandbox.soql.compiler import compile_query

TAKEN = [
    "SELECT Id FROM Account",
    "select id from account",
    "SELECT Account.Id FROM Account",
    "SELECT a.Id, a.Parent.Name FROM Account a WHERE a.Name = 'x'",
    "SELECT Id, Account.Parent.Parent.Name FROM Order",
    "SELECT Id, (SELECT Id FROM OrderItems) FROM Order",
    "SELECT Id, (SELECT Id, Product2.Name FROM OrderItems WHERE Quantity > 1 ORDER BY Id DESC LIMIT 2) FROM Order",
    "SELECT Id, (SELECT Id FROM SBQQ__LineItems__r) FROM SBQQ__Quote__c",
    "SELECT SBQQ__Quote__r.Name FROM SBQQ__QuoteLine__c",
    "SELECT COUNT() FROM Order",
    "SELECT COUNT() FROM Order WHERE Status = 'Draft' LIMIT 5",
    "SELECT COUNT(Id) FROM Order",
    "SELECT COUNT(Id) c, AccountId FROM Order GROUP BY AccountId HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC",
    "SELECT Account.Name, SUM(TotalAmount) total FROM Order GROUP BY Account.Name",
    "SELECT CALENDAR_YEAR(CreatedDate), COUNT_DISTINCT(AccountId) FROM Order GROUP BY CALENDAR_YEAR(CreatedDate)",
    "SELECT MIN(EffectiveDate), MAX(EffectiveDate), AVG(TotalAmount) FROM Order",
    "SELECT FIELDS(ALL) FROM Order LIMIT 200",
    "SELECT FIELDS(STANDARD) FROM Order",
    "SELECT toLabel(Status) FROM Order",
    "SELECT Id FROM Order WHERE Status = 'Draft' AND TotalAmount > 10 AND AccountId != null",
    "SELECT Id FROM Order WHERE (Status = 'Draft' AND TotalAmount > 10) OR AccountId = null",
    "SELECT Id FROM Order WHERE NOT Status = 'Draft' AND TotalAmount > 10",
    "SELECT Id FROM Order WHERE NOT (Status = 'Draft' OR Status = 'Activated')",
    "SELECT Id FROM Order WHERE Status IN ('Draft', 'Activated') AND Status NOT IN ('Expired')",
    "SELECT Id FROM Order WHERE AccountId IN (SELECT Id FROM Account WHERE ERP_Id__c LIKE 'C-%')",
    "SELECT Id FROM Account WHERE Id NOT IN (SELECT AccountId FROM Order WHERE Status = 'Draft')",
    "SELECT Id FROM Order WHERE CreatedDate >= 2026-11-01T00:00:00Z AND EffectiveDate < 2026-12-01",
    "SELECT Id FROM Order WHERE CreatedDate > 2026-11-01T00:00:00.000+01:00",
    "SELECT Id FROM Order WHERE CreatedDate = LAST_N_DAYS:7 AND EffectiveDate = THIS_QUARTER",
    "SELECT Id FROM Account WHERE Name = 'O\\'Neil' AND BillingCity LIKE '50\\%%'",
    "SELECT Id FROM Order ORDER BY LastModifiedDate DESC NULLS LAST, Account.Name ASC NULLS FIRST LIMIT 50 OFFSET 10",
    "SELECT Id FROM Order WITH SECURITY_ENFORCED",
    "SELECT Id FROM Order WHERE Status = 'Draft' FOR UPDATE",
    "SELECT Id, BillingAddress FROM Account",
    "SELECT Id\nFROM Order\n\tWHERE Pricebook2.IsStandard = true",
]

REFUSED = [
    ("", "MALFORMED_QUERY"),
    ("SELECT FROM Order", "MALFORMED_QUERY"),
    ("SELECT Id FRM Order", "MALFORMED_QUERY"),
    ("SELECT Id Order", "MALFORMED_QUERY"),
    ("SELECT Id, FROM Order", "MALFORMED_QUERY"),
    ("SELECT * FROM Order", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order;", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE Status = ", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE Status = 'Draft", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE Status == 'Draft'", "MALFORMED_QUERY"),
    ('SELECT Id FROM Order WHERE Status = "Draft"', "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE Status = 'a' AND Status = 'b' OR Status = 'c'", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE Status = 'a' OR Status = 'b' AND Status = 'c'", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE (Status = 'a'", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE Id = :orderId", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE Status IN ()", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE Status IN :names", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE Status = 'a\\qb'", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order LIMIT -1", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order LIMIT ten", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order OFFSET 2001", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order LIMIT 5 ORDER BY Id", "MALFORMED_QUERY"),
    ("SELECT Id, Id FROM Order", "MALFORMED_QUERY"),
    ("SELECT Id x FROM Order", "MALFORMED_QUERY"),
    ("SELECT FIELDS(ALL) FROM Order", "MALFORMED_QUERY"),
    ("SELECT FIELDS(ALL) FROM Order LIMIT 201", "MALFORMED_QUERY"),
    ("SELECT Status, COUNT(Id) FROM Order", "MALFORMED_QUERY"),
    ("SELECT Status, AccountId, COUNT(Id) FROM Order GROUP BY Status", "MALFORMED_QUERY"),
    ("SELECT SUM(Status) FROM Order", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE COUNT(Id) > 1", "MALFORMED_QUERY"),
    ("SELECT Id, (SELECT Id, (SELECT Id FROM OrderItems) FROM Orders) FROM Account", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE AccountId IN (SELECT Id, Name FROM Account)", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE AccountId IN (SELECT Id FROM Contact)", "MALFORMED_QUERY"),
    ("SELECT Id FROM Order WHERE Name IN (SELECT Id FROM Account)", "INVALID_FIELD"),
    ("SELECT Id FROM Order WHERE CreatedDate = 2026-13-45T00:00:00Z", "MALFORMED_QUERY"),
    ("SELECT Foo FROM Order", "INVALID_FIELD"),
    ("SELECT Id FROM Order WHERE Foo = 'x'", "INVALID_FIELD"),
    ("SELECT Id FROM Order ORDER BY Foo", "INVALID_FIELD"),
    ("SELECT Account.Foo FROM Order", "INVALID_FIELD"),
    ("SELECT Accounts.Name FROM Order", "INVALID_FIELD"),
    ("SELECT Id FROM Order WHERE TotalAmount = '10'", "INVALID_FIELD"),
    ("SELECT Id FROM Order WHERE Status = 10", "INVALID_FIELD"),
    ("SELECT Id FROM Order WHERE CreatedDate = '2026-11-01'", "INVALID_FIELD"),
    ("SELECT Id FROM Order WHERE CreatedDate = 2026-11-01", "INVALID_FIELD"),
    ("SELECT Id FROM Order WHERE EffectiveDate = 2026-11-01T00:00:00Z", "INVALID_FIELD"),
    ("SELECT Id FROM Order WHERE TotalAmount = TODAY", "INVALID_FIELD"),
    ("SELECT Id FROM Order WHERE Description = 'x'", "INVALID_FIELD"),
    ("SELECT Id FROM Order WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
    ("SELECT Id FROM Order WHERE TotalAmount LIKE '1%'", "INVALID_QUERY_FILTER_OPERATOR"),
    ("SELECT Id FROM Orders", "INVALID_TYPE"),
    ("SELECT Id, (SELECT Id FROM Items) FROM Order", "INVALID_TYPE"),
    ("SELECT Id FROM Order WHERE AccountId IN (SELECT Id FROM Nope)", "INVALID_TYPE"),
    ("SELECT TYPEOF What WHEN Account THEN Name END FROM Task", "MALFORMED_QUERY"),
]


@pytest.fixture(scope="module")
def org_model() -> Model:
    return Model([*standard_objects(), *package_objects()])


@pytest.mark.parametrize("soql", TAKEN)
def test_it_takes(org_model: Model, soql: str) -> None:
    compile_query(soql, org_model, date(2026, 11, 23))


@pytest.mark.parametrize("soql, code", REFUSED)
def test_it_refuses(org_model: Model, soql: str, code: str) -> None:
    with pytest.raises(ApiError) as refused:
        compile_query(soql, org_model, date(2026, 11, 23))

    assert (refused.value.status, refused.value.code) == (400, code)


XYZZY = (
    "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
    "sObject type 'XYZZY' is not supported. If you are attempting to use a custom object, be sure to append "
    "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
)
WHERE_END = "\nSELECT Id FROM Order WHERE\n                          ^\nERROR at Row:1:Column:27\n"
SECOND_ROW = "\n  Foo FROM Account\n  ^\nERROR at Row:2:Column:3\nNo such column 'Foo' on entity 'Account'."
NO_FROM = "\nSELECT Id FRM Order\n              ^\nERROR at Row:1:Column:15\nunexpected token: 'Order'"


@pytest.mark.parametrize(
    "soql, start",
    [
        ("SELECT Id FRM Order", NO_FROM),
        ("select count() from XYZZY", XYZZY),
        ("SELECT Id,\n  Foo FROM Account", SECOND_ROW),
        ("SELECT Id FROM Order WHERE", WHERE_END + "unexpected token: '<EOF>'"),
    ],
)
def test_a_refusal_shows_the_place(org_model: Model, soql: str, start: str) -> None:
    with pytest.raises(ApiError) as refused:
        compile_query(soql, org_model, date(2026, 11, 23))

    assert refused.value.message.startswith(start)


def test_a_query_of_more_than_a_hundred_thousand_characters_is_refused(org_model: Model) -> None:
    soql = "SELECT Id FROM Account WHERE Name IN (" + ",".join(["'xxxxxxxx'"] * 10_000) + ")"

    with pytest.raises(ApiError) as refused:
        compile_query(soql, org_model, date(2026, 11, 23))

    assert "100000" in refused.value.message
