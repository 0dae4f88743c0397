from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from canonical.errors import ProblemCategory
from canonical.integration_exception import Severity
from sources.landscape import OWNERSHIP, Budgets, CachePolicy, Limits, Secret
from sources.landscape_events import Bulletins, EventRules, Feed
from sources.landscape_file import LandscapeError, Wrong, read_landscape
from sources.landscape_rules import Rules, Writes

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "revgraph.example.toml"
EXAMPLE_KINDS = ("salesforce", "s4hana", "tryton")
KINDS = ("crmkind", "erpkind")
GOOD = """\
tenant = "acme"

[[instances]]
name = "sales"
kind = "crmkind"
role = "crm"
base_url = "https://sales.example/"
[instances.settings]
api_version = "v62.0"
fields = { po = "PO__c" }
[instances.credentials]
client_secret = { env = "SALES_SECRET" }

[[instances]]
name = "books"
kind = "erpkind"
role = "erp"
base_url = "http://127.0.0.1:8000/odata"
required = false
[instances.limits]
concurrency = 2

[[legal_entities]]
code = "DE01"
name = "Acme GmbH"
country = "DE"
currency = "EUR"
erp = "books"
codes = { company_code = "1010" }

[system_of_record]
"product.unit" = "crm"
"customer@DE01" = "books"

[cache.product]
max_age_seconds = 300
scope = "public"

[cache."order.shipments"]
max_age_seconds = 20.5
stale_while_revalidate_seconds = 60
"""
ENVIRONMENT = {"SALES_SECRET": "hunter2-hunter2"}


def written(folder: Path, text: str) -> Path:
    path = folder / "revgraph.toml"
    path.write_text(text)
    return path


def refusal(folder: Path, text: str) -> Sequence[Wrong]:
    with pytest.raises(LandscapeError) as refused:
        read_landscape(written(folder, text), ENVIRONMENT, KINDS)
    return refused.value.wrongs


def test_a_right_file_becomes_the_landscape_it_describes(tmp_path: Path) -> None:
    landscape = read_landscape(written(tmp_path, GOOD), ENVIRONMENT, KINDS)

    assert landscape.tenant == "acme"
    assert landscape.crm == "sales"
    assert landscape.erps == ("books",)
    sales, books = landscape.instances["sales"], landscape.instances["books"]
    assert sales.base_url == "https://sales.example"
    assert sales.settings == {"api_version": "v62.0", "fields": {"po": "PO__c"}}
    assert sales.credentials == {"client_secret": Secret("hunter2-hunter2")}
    assert [(place.entity.code, dict(place.codes)) for place in sales.entities] == [("DE01", {})]
    assert books.limits.concurrency == 2
    assert books.limits.attempts == 3
    assert books.required is False
    assert [(place.entity.code, dict(place.codes)) for place in books.entities] == [("DE01", {"company_code": "1010"})]
    assert landscape.entity("DE01").currency_code == "EUR"


def test_budgets_are_none_unless_the_file_says_some(tmp_path: Path) -> None:
    limited = GOOD.replace("concurrency = 2", "calls_per_operation = 12") + "\n[budgets]\noperation = 40\n"

    open_handed = read_landscape(written(tmp_path, GOOD), ENVIRONMENT, KINDS)
    sparing = read_landscape(written(tmp_path, limited), ENVIRONMENT, KINDS)

    assert open_handed.budgets.operation is None
    assert open_handed.instances["books"].limits.calls_per_operation is None
    assert sparing.budgets.operation == 40
    assert sparing.instances["books"].limits.calls_per_operation == 12
    assert sparing.instances["sales"].limits.calls_per_operation is None


def test_whoever_asks_no_system_needs_no_credential(tmp_path: Path) -> None:
    landscape = read_landscape(written(tmp_path, GOOD), {}, KINDS, credentials=False)

    assert list(landscape.instances) == ["sales", "books"]
    assert landscape.instances["sales"].credentials == {}


def test_the_files_owners_stand_before_the_usual_ones(tmp_path: Path) -> None:
    landscape = read_landscape(written(tmp_path, GOOD), ENVIRONMENT, KINDS)

    assert landscape.owner("product", "unit") == "sales"
    assert landscape.owner("customer") == "sales"
    assert landscape.owner("customer", None, "DE01") == "books"
    assert landscape.owner("invoice", None, "DE01") == "books"


def test_only_what_is_listed_is_kept_and_apart_by_rights_unless_it_says_otherwise(tmp_path: Path) -> None:
    landscape = read_landscape(written(tmp_path, GOOD), ENVIRONMENT, KINDS)

    assert landscape.cache == {
        "product": CachePolicy(300, 0, "public"),
        "order.shipments": CachePolicy(20.5, 60, "principal"),
    }
    assert read_landscape(written(tmp_path, GOOD[: GOOD.index("[cache")]), ENVIRONMENT, KINDS).cache == {}


def test_a_credential_is_read_from_a_file_beside_the_landscape_and_stripped(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("  s3cr3t\n")
    text = GOOD.replace('{ env = "SALES_SECRET" }', '{ file = "key.txt" }')

    landscape = read_landscape(written(tmp_path, text), {}, KINDS)

    assert landscape.instances["sales"].credentials["client_secret"].reveal() == "s3cr3t"


def test_a_copy_of_the_example_switches_nothing_on_and_needs_no_more_than_to_sign_in() -> None:
    signing_in = ("SALESFORCE_CLIENT_ID", "SALESFORCE_CLIENT_SECRET", "S4_USERNAME", "S4_PASSWORD", "TRYTON_KEY")

    landscape = read_landscape(EXAMPLE, dict.fromkeys(signing_in, "x"), EXAMPLE_KINDS)

    assert list(landscape.instances) == ["salesforce", "s4", "tryton"]
    assert landscape.ownership == OWNERSHIP
    assert (landscape.cache, landscape.budgets, landscape.rules, landscape.events) == (
        {},
        Budgets(),
        Rules(),
        EventRules(),
    )
    usual: tuple[Limits, Writes, Feed, list[str]] = (Limits(), Writes(), Feed(), [])
    assert [
        (one.limits, one.writes, one.feed, [name for name in one.credentials if name.startswith("webhook")])
        for one in landscape.instances.values()
    ] == [usual, usual, usual]


def test_what_the_example_leaves_off_loads_where_its_sign_is_taken_away(tmp_path: Path) -> None:
    text = re.sub(r"^#(?=\S)", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    variables = re.findall(r'env = "(\w+)"', text)

    landscape = read_landscape(written(tmp_path, text), dict.fromkeys(variables, "x" * 16), EXAMPLE_KINDS)

    assert landscape.owner("customer", None, "ACME-US") == "tryton"
    assert landscape.owner("order", "purchase_order_number", "ACME-DE") == "s4"
    assert landscape.cache == {"product": CachePolicy(300, 3600, "public")}
    assert landscape.budgets == Budgets(operation=40)
    assert [rule.legal_entity for rule in landscape.rules.routing] == ["ACME-US", "ACME-DE"]
    assert [rule.owner for rule in landscape.rules.exceptions] == ["credit-desk-de", "revenue-operations"]
    assert landscape.events.bulletins == Bulletins(on=True)
    assert [(one.name, list(one.secrets)) for one in landscape.events.receivers] == [("data-warehouse", ["secret"])]
    assert landscape.instances["salesforce"].settings["organization_id"] == "00D000000000001EAA"
    assert sorted(landscape.instances["s4"].credentials) == [
        "password",
        "username",
        "webhook_secret",
        "webhook_secret_next",
        "webhook_token",
        "webhook_token_next",
    ]


@pytest.mark.parametrize(
    "was,becomes,line,key,found,expected",
    [
        ('role = "crm"', 'role = "CRM"', 6, "instances[0].role", '"CRM"', '"crm", "erp" or "tax"'),
        ('tenant = "acme"', "tenant = 7", 1, "tenant", "7", "the tenant's name as text"),
        ('tenant = "acme"', "", 1, "tenant", "nothing", "the tenant's name as text"),
        ('kind = "crmkind"\n', "", 3, "instances[0].kind", "nothing", "the kind of system"),
        ('kind = "crmkind"', 'kind = "oracle"', 5, "instances[0].kind", '"oracle"', "crmkind, erpkind"),
        ('name = "books"', 'name = "sales"', 15, "instances[1].name", '"sales" a second time', "no other instance"),
        ('role = "erp"', 'role = "crm"', 17, "instances[1].role", "a second crm", "exactly one"),
        ("concurrency = 2", "concurrency = 0", 21, "instances[1].limits.concurrency", "0", "from 1 to 1000"),
        (
            "concurrency = 2",
            "calls_per_operation = 0",
            21,
            "instances[1].limits.calls_per_operation",
            "0",
            "calls of one",
        ),
        (
            "[system_of_record]",
            "[budgets]\noperation = 0\n[system_of_record]",
            32,
            "budgets.operation",
            "0",
            "1 to 10000",
        ),
        (
            "[system_of_record]",
            "[budgets]\nquery = 5\n[system_of_record]",
            32,
            "budgets.query",
            "not know",
            "operation",
        ),
        ("concurrency = 2", "concurency = 2", 21, "instances[1].limits.concurency", "do not know", "concurrency"),
        ("required = false", 'required = "no"', 19, "instances[1].required", '"no"', "true or false"),
        ('erp = "books"', 'erp = "sales"', 28, "legal_entities[0].erp", '"sales"', "an instance with role erp: books"),
        ('currency = "EUR"', 'currency = "Euro"', 27, "legal_entities[0].currency", '"Euro"', "ISO 4217"),
        ('"product.unit"', "product.unit", 32, "system_of_record.product", "a table", "in quotes"),
        ('unit" = "crm"', 'unit" = "wiki"', 32, 'system_of_record."product.unit"', '"wiki"', "crm, erp, sales, books"),
        ("customer@DE01", "customer@FR01", 33, 'system_of_record."customer@FR01"', '"FR01"', "DE01"),
        ("product.unit", "produkt", 32, "system_of_record.produkt", '"produkt"', "customer, quote, product"),
        ("product.unit", "product.size", 32, 'system_of_record."product.size"', '"size"', "sku"),
        ("https://sales.example/", "https://u:p@sales.example", 7, "instances[0].base_url", "http", "with no user"),
        ("[cache.product]", "[cache.price]", 35, "cache.price", '"price"', "product, order, order.shipments"),
        ('"order.shipments"', '"order.lines"', 39, 'cache."order.lines"', '"order.lines"', "always asked live"),
        ('"order.shipments"', "order.shipments", 39, "cache.order.shipments", "do not know", "max_age_seconds"),
        ("max_age_seconds = 300", "max_age_seconds = 0", 36, "cache.product.max_age_seconds", "0", "more than 0"),
        ("max_age_seconds = 300", 'max_age_seconds = "5m"', 36, "cache.product.max_age_seconds", '"5m"', "seconds"),
        ("max_age_seconds = 300", "max_age = 300", 36, "cache.product.max_age", "do not know", "max_age_seconds"),
        ("max_age_seconds = 300\n", "", 35, "cache.product.max_age_seconds", "nothing", "seconds that a kept answer"),
        ("seconds = 60", "seconds = -1", 41, 'cache."order.shipments".stale_while_revalidate_seconds', "-1", "from 0"),
        ('scope = "public"', 'scope = "all"', 37, "cache.product.scope", '"all"', '"principal" or "public"'),
        ("[cache.product]", "[cache.customer]", 37, "cache.customer.scope", '"public"', "depends on who asks"),
        ("SALES_SECRET", "OTHER", 12, "instances[0].credentials.client_secret", "OTHER, which is not set", "OTHER in"),
    ],
)
def test_a_wrong_file_is_refused_with_the_line_the_key_what_was_found_and_what_was_expected(
    tmp_path: Path, was: str, becomes: str, line: int, key: str, found: str, expected: str
) -> None:
    wrongs = {wrong.key: wrong for wrong in refusal(tmp_path, GOOD.replace(was, becomes, 1))}

    wrong = wrongs[key]
    assert wrong.line == line
    assert found in wrong.found
    assert expected in wrong.expected


def test_a_literal_secret_is_refused_and_never_repeated(tmp_path: Path) -> None:
    text = GOOD.replace('{ env = "SALES_SECRET" }', '"hunter2-hunter2"')

    [wrong] = refusal(tmp_path, text)

    assert (wrong.line, wrong.key) == (12, "instances[0].credentials.client_secret")
    assert wrong.found == "text (not shown)"
    assert "{ env =" in wrong.expected
    assert "hunter2" not in str(wrong)


def test_a_secret_among_the_settings_is_refused_and_never_repeated(tmp_path: Path) -> None:
    [wrong] = refusal(tmp_path, GOOD.replace('api_version = "v62.0"', 'client_secret = "hunter2"'))

    assert "belongs under [instances.credentials]" in wrong.expected
    assert "hunter2" not in str(wrong)


def test_a_credential_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    [wrong] = refusal(tmp_path, GOOD.replace('{ env = "SALES_SECRET" }', '{ file = "gone.pem" }'))

    assert wrong.line == 12
    assert "gone.pem" in wrong.found


def test_all_wrong_lines_are_listed_at_once_in_their_order(tmp_path: Path) -> None:
    text = GOOD.replace('role = "crm"', 'role = "CRM"').replace("concurrency = 2", "concurrency = 0")

    assert [wrong.line for wrong in refusal(tmp_path, text)] == [6, 21]


def test_text_that_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    [wrong] = refusal(tmp_path, GOOD.replace('role = "crm"', "role = crm", 1))

    assert wrong.line == 6


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LandscapeError, match=r"nowhere\.toml cannot be used"):
        read_landscape(tmp_path / "nowhere.toml", {}, KINDS)


def test_lines_are_counted_through_long_texts_lists_and_comments(tmp_path: Path) -> None:
    text = GOOD.replace(
        'fields = { po = "PO__c" }',
        'note = """\n[[instances]]\nname = "not a key"\n"""\nlist = [\n  "a", # it\'s ]\n  "b",\n]',
    ).replace("concurrency = 2", "concurrency = 0")

    assert [wrong.line for wrong in refusal(tmp_path, text)] == [28]


def test_the_catalogs_kinds_are_offered_when_no_others_are_given(tmp_path: Path) -> None:
    with pytest.raises(LandscapeError, match="a kind there is a folder for"):
        read_landscape(written(tmp_path, GOOD), ENVIRONMENT)


RULES = """
[orders]
credit = "hold"
answer_days = 90
[product_lines]
services = ["SVC-*", "SUP-1"]
[[routing]]
product_line = "services"
ship_to = ["DE"]
legal_entity = "DE01"
[[exceptions]]
category = "CREDIT"
owner = "credit desk"
due_minutes = 60
severity = "HIGH"
"""


def test_the_rules_for_what_is_written_are_read(tmp_path: Path) -> None:
    text = GOOD.replace("[instances.limits]", "[instances.writes]\nper_minute = 30\n[instances.limits]") + RULES

    rules = read_landscape(written(tmp_path, text), ENVIRONMENT, KINDS)

    assert rules.instances["books"].writes == Writes(concurrency=4, per_minute=30, waiting=500)
    assert (rules.rules.orders.credit, rules.rules.orders.answer_days) == ("hold", 90)
    assert rules.rules.product_line("SVC-7") == "services"
    assert rules.rules.product_line("HW-7") is None
    [routed] = rules.rules.routing
    assert (routed.legal_entity, routed.ship_to, routed.product_line) == ("DE01", frozenset({"DE"}), "services")
    [cared] = rules.rules.exceptions
    assert (cared.owner, cared.category, cared.due_minutes, cared.severity) == (
        "credit desk",
        ProblemCategory.CREDIT,
        60,
        Severity.HIGH,
    )


@pytest.mark.parametrize(
    "old,new,key,expected",
    [
        ('legal_entity = "DE01"', 'legal_entity = "XX"', "routing[0].legal_entity", "one of DE01"),
        ('product_line = "services"', 'product_line = "x"', "routing[0].product_line", "one of services"),
        ('ship_to = ["DE"]', 'ship_to = ["Germany"]', "routing[0].ship_to[0]", "a list of countries"),
        ('category = "CREDIT"', 'category = "MONEY"', "exceptions[0].category", "a category of problems"),
        ('credit = "hold"', 'credit = "ask"', "orders.credit", '"refuse" or "hold"'),
    ],
)
def test_a_wrong_rule_is_refused_where_it_stands(tmp_path: Path, old: str, new: str, key: str, expected: str) -> None:
    [wrong] = refusal(tmp_path, GOOD + RULES.replace(old, new))

    assert wrong.key == key
    assert expected in wrong.expected
