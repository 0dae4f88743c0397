"""Submissions, acts and numbers are read through the graph, page by page and within everybody's rights."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError

from canonical.identity import global_id
from canonical.refs import Ref
from tests.schema.asking import Graph, line_input

PAGE = """
query($first: Int! = 20, $after: Cursor, $filter: SubmissionFilter) {
  submissions(first: $first, after: $after, filter: $filter) {
    totalCount nodes { id idempotencyKey state } edges { cursor } pageInfo { hasNextPage endCursor }
  }
}
"""
AUDIT = """
query($first: Int! = 50, $after: Cursor, $filter: AuditFilter) {
  audit(first: $first, after: $after, filter: $filter) {
    nodes { id at actor action subject detail before after correlationId } edges { cursor }
    pageInfo { hasNextPage endCursor }
  }
}
"""
KPIS = """
query($since: DateTime!, $until: DateTime, $interval: KpiInterval) {
  kpis(since: $since, until: $until, interval: $interval) {
    total { ordersSubmitted ordersBooked duplicatesPrevented exceptionsRaised exceptionsOpen acceptanceSecondsMedian }
    series { startsAt kpis { ordersSubmitted } } bySystem { system kpis { ordersBooked } } byCategory { category count }
  }
}
"""


async def failure(graph: Graph, text: str, **variables: Any) -> GraphQLError:
    """The one error of an answer."""
    result = await graph.execute(text, **variables)
    assert result.errors
    assert len(result.errors) == 1
    return result.errors[0]


async def test_submissions_are_listed_counted_and_turned_page_by_page(graph: Graph) -> None:
    for number in range(3):
        await graph.done(key=f"key-of-the-order-{number}", source=None)
    await graph.done(key="key-of-the-refused", lines=[line_input("P-9")], source=None)

    first = (await graph(PAGE, first=2))["submissions"]
    rest = (await graph(PAGE, first=2, after=first["pageInfo"]["endCursor"]))["submissions"]
    refused = (await graph(PAGE, filter={"state": ["REFUSED"], "operation": ["SUBMIT_ORDER"]}))["submissions"]

    assert (first["totalCount"], first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (4, True, False)
    assert [one["idempotencyKey"] for one in (*first["nodes"], *rest["nodes"])] == [
        "key-of-the-refused",
        "key-of-the-order-2",
        "key-of-the-order-1",
        "key-of-the-order-0",
    ]
    assert [one["idempotencyKey"] for one in refused["nodes"]] == ["key-of-the-refused"]


async def test_a_submission_is_found_by_its_id_its_node_and_its_own_clients_key(graph: Graph) -> None:
    done = await graph.done()
    text = """
    query($id: ID!, $key: String!) {
      a: submission(by: {id: $id}) { id } b: submission(by: {idempotencyKey: $key}) { id }
      node(id: $id) { id ... on Submission { state } }
      _entities(representations: [{__typename: "Submission", id: $id}]) { ... on Submission { id } }
    }
    """

    mine = await graph(text, id=done["id"], key=done["idempotencyKey"])
    theirs = await graph.narrowed(client="portal")(text, id=done["id"], key=done["idempotencyKey"])

    assert mine == {
        "a": {"id": done["id"]},
        "b": {"id": done["id"]},
        "node": {"id": done["id"], "state": "COMPLETED"},
        "_entities": [{"id": done["id"]}],
    }
    assert theirs["b"] is None


async def test_a_submission_leads_to_its_order_and_customer_and_back(graph: Graph) -> None:
    done = await graph.done(source=None)
    text = """
    query($id: ID!) { submission(by: {id: $id}) {
      customer { name } orders { number submissions { id } } exceptions { id }
    } }
    """

    told = (await graph(text, id=done["id"]))["submission"]

    assert told == {
        "customer": {"name": "Acme"},
        "orders": [{"number": "4001", "submissions": [{"id": done["id"]}]}],
        "exceptions": [],
    }


async def test_what_was_done_is_listed_by_whom_and_about_what(graph: Graph) -> None:
    done = await graph.done()
    await graph.done(key="key-of-the-second-order")

    of_one = (await graph(AUDIT, filter={"subject": done["id"]}))["audit"]["nodes"]
    of_ann = (await graph(AUDIT, filter={"actor": "ann"}, first=1))["audit"]
    more = (await graph(AUDIT, filter={"actor": "ann"}, after=of_ann["pageInfo"]["endCursor"]))["audit"]
    elsewhere = (await graph.narrowed(legal_entities=frozenset({"US01"}))(AUDIT))["audit"]["nodes"]

    assert [(one["actor"], one["action"]) for one in reversed(of_one)] == [
        ("ann", "SUBMIT_ORDER"),
        ("revgraph", "BOOK_ORDER"),
        ("revgraph", "WRITE_BACK"),
    ]
    assert {one["subject"] for one in of_one} == {done["id"]}
    assert '"sku":"P-1"' in of_one[-1]["after"].replace(" ", "")
    assert of_ann["pageInfo"]["hasNextPage"] is True
    assert [one["subject"] for one in more["nodes"]] == [done["id"]]
    assert elsewhere == []


async def test_the_numbers_say_how_well_orders_get_through(graph: Graph) -> None:
    await graph.done()
    await graph.submit()
    await graph.done(key="key-of-the-refused", lines=[line_input("P-9")], source=None)

    told = (await graph(KPIS, since="2020-01-01T00:00:00Z", until="2100-01-01T00:00:00Z"))["kpis"]

    numbers = told["total"]
    assert (numbers["ordersSubmitted"], numbers["ordersBooked"], numbers["duplicatesPrevented"]) == (2, 1, 1)
    assert (numbers["exceptionsRaised"], numbers["exceptionsOpen"]) == (1, 1)
    assert numbers["acceptanceSecondsMedian"] >= 0
    assert told["bySystem"][0] == {"system": "erp-eu", "kpis": {"ordersBooked": 1}}
    assert told["byCategory"] == [{"category": "PRODUCT", "count": 1}]
    assert told["series"] == []


async def test_a_series_has_a_point_for_each_span(graph: Graph) -> None:
    told = (await graph(KPIS, since="2026-11-01T00:00:00Z", until="2026-11-04T00:00:00Z", interval="DAY"))["kpis"]

    assert told["series"] == [
        {"startsAt": f"2026-11-0{day}T00:00:00.000Z", "kpis": {"ordersSubmitted": 0}} for day in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    "variables,words",
    [
        ({"since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"}, "`since` is not before `until`"),
        ({"since": "2020-01-01T00:00:00Z", "interval": "HOUR"}, "more than 1000 points"),
    ],
)
async def test_spans_that_make_no_sense_are_refused_in_words(
    graph: Graph, variables: dict[str, str], words: str
) -> None:
    assert words in (await failure(graph, KPIS, **variables)).message


@pytest.mark.parametrize(
    "text,scope",
    [
        ("{ submissions { totalCount } }", "submissions:read"),
        ('{ submission(by: {idempotencyKey: "key-of-sixteen-letters"}) { id } }', "submissions:read"),
        ("{ exceptions { totalCount } }", "exceptions:read"),
        ("{ audit { nodes { id } } }", "audit:read"),
        ('{ kpis(since: "2026-11-01T00:00:00Z") { series { startsAt } } }', "kpis:read"),
        ('{ order(by: {crmId: "sale1"}) { submissions { id } } }', "submissions:read"),
        ('{ order(by: {crmId: "sale1"}) { exceptions { id } } }', "exceptions:read"),
    ],
)
async def test_what_is_read_needs_its_right(graph: Graph, text: str, scope: str) -> None:
    await graph.done()
    scopes = graph.principal.scopes - {scope}

    error = await failure(graph.narrowed(scopes=scopes), text)

    assert f"(scope {scope})" in error.message


@pytest.mark.parametrize(
    "text,words",
    [
        ('{ submissions(after: "AAAA") { totalCount } }', "This cursor was not given by this list"),
        ('{ audit(after: "WyJhdWRpdCIsIm9uZSJd") { nodes { id } } }', "This cursor was not given by this list"),
        ("{ exceptions(first: 0) { totalCount } }", "ask for 1 to 200"),
        ('{ submission(by: {id: "nonsense"}) { id } }', "is not an id of this gateway"),
        ('{ submission(by: {idempotencyKey: "a\\u0000b"}) { id } }', "characters that cannot be stored"),
        ('{ audit(filter: {actor: "\\u0000"}) { nodes { id } } }', "characters that cannot be stored"),
    ],
)
async def test_questions_that_cannot_be_meant_are_refused_in_words(graph: Graph, text: str, words: str) -> None:
    assert words in (await failure(graph, text)).message


async def test_an_id_that_names_another_system_is_none_of_ours(graph: Graph) -> None:
    error = await failure(
        graph, "query($id: ID!) { node(id: $id) { id } }", id=global_id("Submission", Ref("crm", "1"))
    )

    assert "There is no system 'crm' that keeps such records" in error.message
