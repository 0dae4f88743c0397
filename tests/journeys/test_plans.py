"""What a plan says beforehand is what then happens on the wire: never more, and on the usual pages just that."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from graphql import GraphQLSchema, parse, validate
from typer.testing import CliRunner

from gateway.cli import app
from gateway.wiring import House
from sandbox.serve import Company
from tests.journeys.asking import SECRET, Asker, Told, words_of
from tests.journeys.chance import Chance
from tests.journeys.patience import patient_house
from tests.journeys.test_counting_calls import PAGE

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parents[2]
ONE = """{ order(by: {crmId: "%(multi)s"}) { number status customer { name } lines { sku shippedQuantity }
  shipments { number } invoices { number open { amount } } payments { amount { amount } } } }"""
DEEP = """{ order(by: {crmId: "%(order)s"}) {
  invoices { number customer { name } lines { orderLine { sku shippedQuantity } } orders { number status }
    payments { payment { number customer { name } applications { amount { amount } invoice { number } } } }
    creditMemos { number invoices { number } } }
  shipments { number orders { number } lines { orderLine { sku } } } } }"""
NODES = "{ nodes(ids: %(ids)s) { id ... on Order { status } ... on Invoice { number } ... on Customer { name } } }"
ENTITIES = """{ _entities(representations: [{__typename: "Order", crmId: "%(order)s"},
  {__typename: "Customer", crmId: "%(buyer)s"}, {__typename: "Product", sku: "%(sku)s"}]) {
  ... on Order { number status } ... on Customer { name } ... on Product { name } } }"""
OPERATIONS = {
    "numbers": "{ orders(first: 50) { nodes { number } } }",
    "the page of fifty": PAGE,
    "every record of customers": "{ orders(first: 20) { nodes { customer { references { system } } } } }",
    "the largest page": "{ orders(first: 200) { nodes { number status customer { name } } } }",
    "edges and nodes": "{ orders(first: 10) { nodes { status } edges { node { shipments { number } } } } }",
    "two pages": "{ a: orders(first: 5) { nodes { status } } b: orders(first: 7) { nodes { status } } }",
    "by status": "{ orders(first: 9, filter: {status: [IN_FULFILLMENT]}) { nodes { status shipments { number } } } }",
    "completed": "{ orders(first: 10, filter: {status: [COMPLETED]}) { nodes { number } } }",
    "not booked yet": "{ orders(first: 10, filter: {status: [DRAFT, SUBMITTED]}) { nodes { number } } }",
    "cancelled": "{ orders(first: 50, filter: {status: [CANCELLED]}) { nodes { customer { name } } } }",
    "of an entity": '{ orders(first: 20, filter: {legalEntity: "US01"}) { nodes { number status } } }',
    "search": '{ orders(first: 20, filter: {search: "10"}) { nodes { number customer { name } } } }',
    "of a customer": """{ orders(filter: {customer: {crmId: "%(buyer)s"}}) {
       nodes { customer { name } quote { number } } } }""",
    "of an account": '{ orders(filter: {source: {system: "salesforce", key: "%(buyer)s"}}) { nodes { number } } }',
    "of a quote": '{ orders(filter: {source: {system: "salesforce", key: "%(quote)s"}}) { nodes { number } } }',
    "an order's number": '{ order(by: {crmId: "%(order)s"}) { number } }',
    "one order": ONE,
    "an order by number": '{ order(by: {document: {value: "%(number)s"}}) { number status } }',
    "an order by booking": """{ order(by: {reference: {system: "%(erp)s", key: "%(number)s"}}) {
       status customer { name } } }""",
    "an order the crm lacks": """{ order(by: {reference: {system: "%(odd)s", key: "%(lone)s"}}) {
       status customer { name } } }""",
    "an order nobody has": '{ order(by: {crmId: "801000000000000AAA"}) { number status } }',
    "a timeline": '{ order(by: {crmId: "%(order)s"}) { timeline { nodes { title } } } }',
    "what it is about": '{ order(by: {crmId: "%(order)s"}) { timeline(first: 20) { nodes { subject { id } } } } }',
    "timelines": "{ orders(first: 20) { nodes { timeline(first: 50) { nodes { title } } } } }",
    "lineage": '{ order(by: {crmId: "%(order)s"}) { conflicts { field } customer { lineage { field } } } }',
    "quantities": '{ order(by: {crmId: "%(order)s"}) { lines { shippedQuantity invoicedQuantity } } }',
    "documents": DEEP,
    "documents of a page": "{ orders(first: 15) { nodes { invoices { customer { name } orders { number } } } } }",
    "a customer": """{ customer(by: {crmId: "%(buyer)s"}) { name parent { name } children { nodes { name } }
       references { system } billingAccounts { openBalance { amount } credit { available { amount } } } } }""",
    "a customer of an erp": '{ customer(by: {reference: {system: "%(erp)s", key: "%(account)s"}}) { name } }',
    "a customer's orders": """{ customer(by: {crmId: "%(buyer)s"}) { invoices(first: 9) { nodes { open { amount } } }
       orders(first: 9) { nodes { status customer { name } } } } }""",
    "customers": "{ customers(first: 50) { nodes { name parent { name } } } }",
    "customers of an entity": '{ customers(first: 50, filter: {legalEntity: "US01"}) { nodes { name } } }',
    "families": "{ customers(first: 12) { nodes { children(first: 3) { nodes { children { nodes { name } } } } } } }",
    "customers' orders": """{ customers(first: 10) { nodes { orders(first: 5) { nodes { status } }
       invoices(first: 5) { nodes { number } } billingAccounts { openBalance { amount } } } } }""",
    "a product": '{ product(sku: "%(sku)s") { name unit listPrice { amount } references { system } } }',
    "products": '{ products(first: 30, filter: {search: "a"}) { nodes { name references { system } } } }',
    "invoices": "{ invoices(first: 30) { nodes { open { amount } customer { name } orders { number } } } }",
    "overdue": "{ invoices(first: 10, filter: {overdue: true}) { nodes { overdueDays } } }",
    "invoices of a customer": '{ invoices(first: 9, filter: {customer: {crmId: "%(buyer)s"}}) { nodes { number } } }',
    "an invoice by number": '{ invoice(by: {document: {value: "%(bill)s"}}) { customer { name } orders { status } } }',
    "a quote": '{ quote(by: {crmId: "%(quote)s"}) { customer { name } lines { sku } orders { number status } } }',
    "systems": "{ systems { name status } }",
    "several orders": """{ a: order(by: {crmId: "%(order)s"}) { status } b: order(by: {crmId: "%(multi)s"}) { status }
       c: order(by: {reference: {system: "%(erp)s", key: "%(number)s"}}) { number } }""",
    "nodes": NODES,
    "a node and its order": """{ node(id: %(id)s) { ... on Order { status } }
       order(by: {crmId: "%(order)s"}) { number } }""",
    "entities": ENTITIES,
    "everything at once": """{ systems { name } products(first: 3) { nodes { sku } }
       customers(first: 3) { nodes { name } } invoices(first: 3) { nodes { number } }
       orders(first: 3) { nodes { number status } } }""",
    "introspection too": "{ __schema { queryType { name } } orders(first: 5) { nodes { status } } }",
    "a wrong page": "{ orders(first: 500) { nodes { status } } products(first: 2) { nodes { sku } } }",
}
USUAL = (
    "numbers", "the page of fifty", "every record of customers", "one order", "an order's number", "lineage",
    "of a customer", "a customer's orders", "customers", "customers of an entity", "a product", "products", "invoices",
    "invoices of a customer", "systems",
)  # fmt: skip
READERS = ("everything", "one legal entity", "one account")


@dataclass
class Held:
    """A reader, and the words that operations are completed with."""

    ask: Asker
    words: dict[str, str]


@pytest_asyncio.fixture(loop_scope="session")
async def house(company: Company, graph: GraphQLSchema) -> AsyncIterator[House]:
    async with patient_house(company, graph, SECRET) as opened:
        yield opened


async def held_by(ask: Asker, company: Company, reader: str) -> Held:
    words = await words_of(ask, company)
    rights: dict[str, dict[str, set[str]]] = {
        "everything": {},
        "one legal entity": {"legal_entities": {"US01"}},
        "one account": {"accounts": {words["buyer"]}},
    }
    return Held(ask.narrowed(**rights[reader]).planning(), words)


async def compared(held: Held, company: Company, query: str) -> tuple[Told, dict[str, tuple[int, int, int]]]:
    """The answer, and by system the calls on the wire, those that were foretold, and the most that were."""
    for sandbox in company.sandboxes.values():
        sandbox.log.clear()
    told = await held.ask(query)
    systems: dict[str, dict[str, Any]] = {one["system"]: one for one in told.extensions["plan"]["systems"]}
    none = {"calls": 0, "atMost": 0}
    return told, {
        name: (len(box.log.asked()), systems.get(name, none)["calls"], systems.get(name, none)["atMost"])
        for name, box in company.sandboxes.items()
    }


@pytest.mark.parametrize("reader", READERS)
async def test_no_operation_calls_a_system_more_often_than_its_plan_says_it_may(
    ask: Asker, company: Company, reader: str
) -> None:
    held = await held_by(ask, company, reader)

    beyond: dict[str, object] = {}
    for name, query in OPERATIONS.items():
        _, systems = await compared(held, company, query % held.words)
        beyond |= {f"{name}: {system}": told for system, told in systems.items() if told[0] > told[2]}

    assert beyond == {}


@pytest.mark.parametrize("reader", READERS)
async def test_operations_made_by_chance_keep_to_their_plans_too(
    ask: Asker, company: Company, graph: GraphQLSchema, reader: str
) -> None:
    held, chance = await held_by(ask, company, reader), Chance(graph, seed=READERS.index(reader))
    made = (chance.operation(held.words) for _ in range(40))
    operations = [text for text in made if not validate(graph, parse(text))]
    assert len(operations) > 30

    for text in operations:
        _, systems = await compared(held, company, text)
        assert {system: told for system, told in systems.items() if told[0] > told[2]} == {}, text


async def test_what_people_usually_ask_takes_just_the_calls_that_its_plan_says(ask: Asker, company: Company) -> None:
    held = await held_by(ask, company, "everything")

    other: dict[str, object] = {}
    for name in USUAL:
        told, systems = await compared(held, company, OPERATIONS[name] % held.words)
        assert told.errors == []
        other |= {f"{name}: {system}": told for system, told in systems.items() if told[0] != told[1]}

    assert other == {}


async def test_the_page_of_fifty_is_foretold_to_take_two_calls_of_the_crm_and_four_of_each_erp(
    ask: Asker, company: Company
) -> None:
    told = await ask.planning("only")(PAGE)

    plan = told.extensions["plan"]
    assert {one["system"]: one["calls"] for one in plan["systems"]} == {"salesforce": 2, "sap-eu": 4, "erp-us": 4}
    assert (plan["calls"], plan["budget"], plan["exceeded"]) == (10, None, [])
    assert told.data is None
    assert [len(box.log.asked()) for box in company.sandboxes.values()] == [0, 0, 0]
    assert [level["level"] for level in plan["levels"]] == [1, 2]
    [page] = plan["levels"][0]["steps"]
    assert (page["path"], page["field"], page["parents"], page["arguments"]) == (
        "orders",
        "Query.orders",
        1,
        {"first": 50, "filter": {}},
    )
    shipments = next(step for step in plan["levels"][1]["steps"] if step["path"] == "orders.nodes.shipments")
    assert shipments["parents"] == 50
    assert {"number", "status", "lines.quantity"} <= set(shipments["wanted"])
    assert {(ask["system"], ask["what"], ask["along"]) for ask in shipments["asks"]} == {
        (erp, "fetch shipments of orders", "orders.nodes.status") for erp in ("sap-eu", "erp-us")
    }


async def test_a_field_that_the_reader_may_not_ask_for_says_so_in_the_plan_and_asks_nobody(
    ask: Asker, company: Company
) -> None:
    reader = Asker(ask.client, ask.signer, {"orders:read"}).planning("only")

    told = await reader("{ orders(first: 5) { nodes { number invoices { number } } } }")

    [invoices] = told.extensions["plan"]["levels"][1]["steps"]
    assert "scope invoices:read" in invoices["refused"]
    assert invoices["asks"] == []


async def test_the_page_about_plans_shows_what_the_command_shows(company: Company, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "plans.md").read_text("utf-8")
    [query] = re.findall(r"```graphql\n(.*?)```", page, re.DOTALL)
    [output] = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    (tmp_path / "page.graphql").write_text(query)

    arguments = [
        "explain",
        str(tmp_path / "page.graphql"),
        "--operation",
        "Page",
        "--landscape",
        str(company.landscape),
    ]
    shown = CliRunner().invoke(app, arguments, env={"COLUMNS": "116", "TERM": "dumb"}).output

    assert [line.rstrip() for line in shown.splitlines()] == output.splitlines()
