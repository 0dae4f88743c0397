"""What people have to look at is listed, assigned, corrected, retried and resolved through the graph."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from canonical.errors import Refused
from canonical.order import Stage
from tests.fakes.company import order_record
from tests.fakes.intake import raising
from tests.schema.asking import Graph, line_input, said

FIELDS = """
  id category title explanation suggestedAction status severity owner system outcome correlationId
  raisedAt dueAt resolvedAt correctable { field label value }
"""
LIST = f"""
query($first: Int! = 20, $after: Cursor, $filter: ExceptionFilter) {{
  exceptions(first: $first, after: $after, filter: $filter) {{
    totalCount nodes {{ {FIELDS} technicalDetail submission {{ id }} subject {{ __typename id }}
      history {{ actor action detail subject before after }} }}
    edges {{ cursor }} pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""
RETRY = f"""
mutation($id: ID!, $corrections: [CorrectionInput!], $note: String) {{
  retryException(id: $id, corrections: $corrections, note: $note) {{
    problems {{ code field message category }} integrationException {{ {FIELDS} }}
  }}
}}
"""
RESOLVE = f"""
mutation($id: ID!, $how: ExceptionResolution!, $note: String!) {{
  resolveException(id: $id, resolution: $how, note: $note) {{
    problems {{ code field category }} integrationException {{ {FIELDS} }}
  }}
}}
"""
ASSIGN = """
mutation($ids: [ID!]!, $owner: String!) {
  assignExceptions(ids: $ids, owner: $owner) {
    problems { code field } integrationException { id owner status }
  }
}
"""
UNKNOWN = [line_input("P-1"), line_input("P-9")]


@pytest.fixture
async def refused(graph: Graph) -> Any:
    """The exception of an order with an article that nobody sells."""
    await graph.done(lines=UNKNOWN)
    [found] = (await graph(LIST))["exceptions"]["nodes"]
    return found


async def test_a_refusal_is_told_with_everything_needed_to_act(graph: Graph, refused: Any) -> None:
    assert (refused["category"], refused["status"], refused["outcome"]) == ("PRODUCT", "OPEN", "NOT_APPLIED")
    assert refused["title"] == "An article cannot be sold"
    assert refused["explanation"] == "P-9 is not sold here."
    assert refused["suggestedAction"] == "Maintain the article in the ERP, or correct the line."
    assert refused["correctable"] == [{"field": ["input", "lines", "1", "sku"], "label": "Line 2: sku", "value": "P-9"}]
    assert refused["subject"] == {"__typename": "Submission", "id": refused["submission"]["id"]}
    [raised] = refused["history"]
    assert (raised["actor"], raised["action"], raised["subject"]) == ("revgraph", "RAISE_EXCEPTION", refused["id"])
    assert refused["dueAt"] > refused["raisedAt"]


async def test_the_path_that_a_problem_named_is_corrected_and_the_step_run_again_under_the_same_key(
    graph: Graph, refused: Any
) -> None:
    correction = {"field": refused["correctable"][0]["field"], "value": "P-2"}

    answer = (await graph(RETRY, id=refused["id"], corrections=[correction], note="typo"))["retryException"]
    await graph.house.work()
    told = await graph.submission(refused["submission"]["id"])
    replayed = await graph.submit(lines=UNKNOWN)
    [resolved] = (await graph(LIST))["exceptions"]["nodes"]

    assert answer["problems"] == []
    assert answer["integrationException"]["status"] == "RETRYING"
    assert told["state"] == "COMPLETED"
    assert [one.sku for one in graph.house.eu.requests[0].lines] == ["P-1", "P-2"]
    assert (replayed["replayed"], replayed["submission"]["id"]) == (True, told["id"])
    assert resolved["status"] == "RESOLVED"
    assert [(one["actor"], one["action"], one["detail"]) for one in resolved["history"]][1] == (
        "ann",
        "RETRY_EXCEPTION",
        "typo",
    )
    assert '"P-9"' in resolved["history"][1]["before"]
    assert '"P-2"' in resolved["history"][1]["after"]


@pytest.mark.parametrize(
    "field,value,problem",
    [
        (["input", "lines", "7", "sku"], "P-2", "CORRECTION_INVALID"),
        (["input", "lines", "0", "quantity"], "many", "CORRECTION_INVALID"),
        (["input", "lines", "0", "quantity"], "-1", "INVALID_INPUT"),
    ],
)
async def test_a_correction_that_does_not_fit_changes_nothing(
    graph: Graph, refused: Any, field: list[str], value: str, problem: str
) -> None:
    answer = (await graph(RETRY, id=refused["id"], corrections=[{"field": field, "value": value}]))["retryException"]

    assert [one["code"] for one in answer["problems"]] == [problem]
    assert answer["integrationException"]["status"] == "OPEN"
    assert await graph.house.waiting() == []


async def test_it_is_resolved_with_a_note_once(graph: Graph, refused: Any) -> None:
    silent = (await graph(RESOLVE, id=refused["id"], how="ACCEPTED", note=" "))["resolveException"]
    first = (await graph(RESOLVE, id=refused["id"], how="DUPLICATE", note="see 4001"))["resolveException"]
    second = (await graph(RESOLVE, id=refused["id"], how="ACCEPTED", note="again"))["resolveException"]

    assert said(silent) == [("INVALID_INPUT", "note")]
    assert first["integrationException"]["status"] == "RESOLVED"
    assert first["integrationException"]["resolvedAt"]
    assert said(second) == [("ALREADY_RESOLVED", None)]
    assert second["integrationException"]["id"] == refused["id"]


async def test_several_are_assigned_each_for_itself(graph: Graph, refused: Any) -> None:
    unknown = refused["id"].replace(refused["id"][-4:], "AAAA")

    answers = (await graph(ASSIGN, ids=[refused["id"], "nonsense", refused["submission"]["id"]], owner="bob"))[
        "assignExceptions"
    ]
    too_many = (await graph(ASSIGN, ids=[unknown] * 101, owner="bob"))["assignExceptions"]

    assert answers[0]["integrationException"] == {"id": refused["id"], "owner": "bob", "status": "ASSIGNED"}
    assert [said(one) for one in answers[1:]] == [[("BAD_ID", "ids.1")], [("BAD_ID", "ids.2")]]
    assert [said(one) for one in too_many] == [[("TOO_MANY_IDS", "ids")]]


async def test_each_act_is_in_audit_with_what_was_before_and_after(graph: Graph, refused: Any) -> None:
    correction = {"field": refused["correctable"][0]["field"], "value": "P-8"}
    await graph(ASSIGN, ids=[refused["id"]], owner="bob")
    await graph(RETRY, id=refused["id"], corrections=[correction], note="typo")
    await graph.house.work()
    await graph(RESOLVE, id=refused["id"], how="ACCEPTED", note="sold out")
    asked = "query($id: String!) { audit(filter: {subject: $id}) { nodes { actor action detail before after } } }"

    told = (await graph(asked, id=refused["id"]))["audit"]["nodes"]

    resolved, retried, assigned, raised = told
    assert [one["actor"] for one in told] == ["ann", "ann", "ann", "revgraph"]
    assert raised["action"] == "RAISE_EXCEPTION"
    assert (assigned["action"], assigned["before"], assigned["after"]) == (
        "ASSIGN_EXCEPTION",
        '"product master data"',
        '"bob"',
    )
    assert (retried["action"], retried["detail"]) == ("RETRY_EXCEPTION", "typo")
    assert ('"P-9"' in retried["before"], '"P-8"' in retried["after"]) == (True, True)
    assert (resolved["action"], resolved["detail"]) == ("RESOLVE_EXCEPTION", "sold out")
    assert (resolved["before"], resolved["after"]) == ('"OPEN"', '"ACCEPTED"')


async def test_an_exception_that_no_rule_gives_to_anybody_is_for_whoever_can_help(graph: Graph, refused: Any) -> None:
    assert refused["owner"] == "product master data"


async def test_without_the_right_nothing_is_done_and_nothing_is_read(graph: Graph, refused: Any) -> None:
    reader = graph.narrowed(scopes=frozenset({"exceptions:read"}))
    stranger = graph.narrowed(scopes=frozenset({"orders:read"}))

    tried = (await reader(RESOLVE, id=refused["id"], how="ACCEPTED", note="fine"))["resolveException"]
    listed = await stranger.execute("{ exceptions { totalCount } }")

    assert said(tried) == [("FORBIDDEN", None)]
    assert tried["problems"][0]["category"] == "PERMISSION"
    assert listed.data is None
    assert listed.errors
    assert "scope exceptions:read" in listed.errors[0].message


async def test_exceptions_of_other_books_and_tenants_are_not_there(graph: Graph, refused: Any) -> None:
    for other in ({"tenant": "beta"}, {"legal_entities": frozenset({"US01"})}, {"accounts": frozenset({"acc2"})}):
        stranger = graph.narrowed(**other)

        assert (await stranger(LIST))["exceptions"]["totalCount"] == 0
        tried = (await stranger(RESOLVE, id=refused["id"], how="ACCEPTED", note="mine"))["resolveException"]
        assert said(tried) == [("NOT_FOUND", None)]


async def test_the_list_is_narrowed_counted_and_turned_page_by_page(graph: Graph, refused: Any) -> None:
    await graph.done(key="key-of-the-second-order", lines=[line_input(unitPrice="0.50")])
    await graph.done(key="key-of-the-third-order", customer={"crmId": "acc9"})

    first = (await graph(LIST, first=2))["exceptions"]
    rest = (await graph(LIST, first=2, after=first["pageInfo"]["endCursor"]))["exceptions"]
    products = (await graph(LIST, filter={"category": ["PRODUCT"], "status": ["OPEN"]}))["exceptions"]
    nobodys = (await graph(LIST, filter={"owner": "bob"}))["exceptions"]

    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    assert [one["category"] for one in first["nodes"]] == ["CUSTOMER_MASTER", "PRICING"]
    assert ([one["id"] for one in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == ([refused["id"]], False)
    assert [one["id"] for one in products["nodes"]] == [refused["id"]]
    assert nobodys["totalCount"] == 0


async def test_an_order_shows_what_was_raised_for_it_and_orders_are_listed_by_it(graph: Graph) -> None:
    for key in ("sale1", "sale2"):
        sale = order_record("crm", key, days_ago=1, entity="DE01", stage=Stage.SUBMITTED)
        graph.house.crm.books.orders.append(replace(sale, customer_key="acc1"))
    await graph.done(lines=UNKNOWN)
    text = """
    query($some: Boolean) { orders(filter: {withExceptions: $some}) { nodes { crmId exceptions { category } } } }
    """

    with_some = (await graph(text, some=True))["orders"]["nodes"]
    without = (await graph(text, some=False))["orders"]["nodes"]
    blind = await graph.narrowed(scopes=frozenset({"orders:read"})).execute(text, some=True)

    assert with_some == [{"crmId": "sale1", "exceptions": [{"category": "PRODUCT"}]}]
    assert without == [{"crmId": "sale2", "exceptions": []}]
    assert blind.errors
    assert "exceptions:read" in blind.errors[0].message


async def test_the_vendors_own_words_are_for_whoever_looks_after_exceptions(graph: Graph) -> None:
    graph.house.eu.mood.will("book_order", raising(Refused("erp-eu", "Period closed.", detail="FI 201: period 11")))
    done = await graph.done()
    text = "query($id: ID!) { submission(by: {id: $id}) { exceptions { explanation technicalDetail } } }"

    mine = (await graph(text, id=done["id"]))["submission"]
    theirs = await graph.narrowed(scopes=frozenset({"submissions:read"})).execute(text, id=done["id"])

    assert mine["exceptions"] == [{"explanation": "Period closed.", "technicalDetail": "FI 201: period 11"}]
    assert theirs.data == {"submission": {"exceptions": [{"explanation": "Period closed.", "technicalDetail": None}]}}
    assert theirs.errors
