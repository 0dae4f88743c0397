"""A condition and its opposite share all rows between them, nulls included."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.salesforce.sandbox import SalesforceSandbox
from sources.salesforce.sandbox.soql.compiler import compile_query
from sources.salesforce.sandbox.soql.plan import Plan

LEAVES = st.sampled_from(
    [
        "Name = 'a'",
        "Name != 'b'",
        "BillingCity = null",
        "BillingCity < 'm'",
        "BillingCity LIKE 'g%'",
        "BillingCity IN ('Ghent', null)",
        "BillingCity NOT IN ('Ghent')",
        "Parent.Name = 'a'",
        "Parent.BillingCity != 'Ghent'",
        "AnnualRevenue >= 10",
        "AnnualRevenue != 10",
        "CreatedDate > TODAY",
        "CreatedDate != LAST_N_DAYS:3",
        "ParentId NOT IN (SELECT Id FROM Account WHERE Name = 'a')",
    ]
)


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        several.map(lambda parts: f"({' AND '.join(parts)})"),
        several.map(lambda parts: f"({' OR '.join(parts)})"),
        inner.map(lambda part: f"(NOT {part})"),
    )


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceSandbox]:
    one = SalesforceSandbox("crm", None)
    cities = ("Ghent", None, "Bruges", "ghent")
    one.load(
        {
            "Account": [
                {
                    "Id": f"001A{number:011d}",
                    "Name": "abc"[number % 3],
                    "BillingCity": cities[number % 4],
                    "ParentId": f"001A{number // 2:011d}" if number % 5 else None,
                    "AnnualRevenue": number if number % 7 else None,
                }
                for number in range(24)
            ]
        }
    )
    yield one
    one.close()


def found(org: SalesforceSandbox, condition: str) -> set[str]:
    plan = compile_query(f"SELECT Id FROM Account WHERE {condition}", org.org.model, org.org.store.clock().date())
    assert isinstance(plan, Plan)
    return {str(row[0]) for row in org.org.store.select(plan.sql, plan.values)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.recursive(LEAVES, joined, max_leaves=6))
def test_a_condition_and_its_opposite_share_all_rows(org: SalesforceSandbox, condition: str) -> None:
    holds, fails = found(org, condition), found(org, f"NOT {condition}")

    assert holds | fails == {str(row[0]) for row in org.org.store.select('SELECT "Id" FROM "Account"')}
    assert not holds & fails
