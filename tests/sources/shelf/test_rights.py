from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.customer import CustomerRecord
from canonical.lineage import Stamp
from canonical.principal import View
from canonical.product import ProductRecord
from canonical.refs import Ref, SystemReference
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.landscape import CachePolicy, EntityAt, Instance, Secret
from sources.ports import CustomerSource, Lookup, ProductSource
from sources.shelf.addresses import rights_of, sign_in
from tests.fakes.company import DE, NOW, US, Company
from tests.fakes.kept import call, keeping
from tests.fakes.real_redis import RealRedis
from tests.fakes.systems import Books, FakeCrm

KEYS = ("k1", "k2", "k3")
PRINCIPAL, PUBLIC = CachePolicy(300, 300), CachePolicy(300, 300, "public")


def some_of(*words: str) -> st.SearchStrategy[frozenset[str] | None]:
    return st.one_of(st.none(), st.frozensets(st.sampled_from(words)))


VIEWS = st.builds(View, legal_entities=some_of("DE01", "US01"), accounts=some_of("acc1", "acc2"))
QUESTIONS = st.lists(
    st.tuples(
        VIEWS, st.lists(st.sampled_from(KEYS), min_size=1, unique=True), st.booleans(), st.sampled_from([0, 301])
    ),
    max_size=12,
)


def about(key: str) -> tuple[Ref, SystemReference, Stamp]:
    return Ref("crm", key), SystemReference("crm", "Thing", key), Stamp("crm", "Thing", key, NOW)


def shown(*parts: frozenset[str] | None) -> str:
    """Parts of a view as text, the same for the same."""
    return str([part if part is None else sorted(part) for part in parts])


class Tells(FakeCrm):
    """A CRM whose every answer says which view it was asked with."""

    async def fetch_customers(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[CustomerRecord]:
        """The name is the view; who sees accounts only is not shown the first key."""
        keys = [*lookup.keys, *(number.removeprefix("N") for number in lookup.numbers)]
        told = [about(key) for key in keys if call.view.accounts is None or key != "k1"]
        name = shown(call.view.legal_entities, call.view.accounts)
        return [CustomerRecord(ref=r, reference=e, stamp=s, name=name, number=f"N{r.key}") for r, e, s in told]

    async def fetch_products(self, call: Call, skus: Sequence[str], wanted: Wanted) -> Mapping[str, ProductRecord]:
        """The name is the view's legal entities: no account owns a product."""
        told = [about(sku) for sku in skus]
        name = shown(call.view.legal_entities)
        return {r.key: ProductRecord(ref=r, reference=e, stamp=s, sku=r.key, name=name) for r, e, s in told}


def a_company() -> Company:
    company = Company()
    company.systems.by_name["crm"] = Tells(Books())
    return company


@given(questions=QUESTIONS)
async def test_nobody_is_ever_served_what_was_read_with_other_rights(
    redis: RealRedis, questions: list[tuple[View, list[str], bool, int]]
) -> None:
    async with keeping(redis, "customer", policy=PRINCIPAL, company=a_company()) as kept:
        customers = kept.port("crm", CustomerSource)
        for view, keys, by_number, later in questions:
            kept.later(later)
            lookup = Lookup(numbers=tuple(f"N{key}" for key in keys)) if by_number else Lookup(keys=tuple(keys))

            told = await customers.fetch_customers(as_seen(view), lookup, Wanted.of("name"))
            await kept.refreshing.settled()

            seen = {key for key in keys if view.accounts is None or key != "k1"}
            assert {(record.ref.key, record.name) for record in told} == {
                (key, shown(view.legal_entities, view.accounts)) for key in seen
            }


@given(questions=QUESTIONS)
async def test_what_is_public_is_shared_by_all_accounts_and_never_over_legal_entities(
    redis: RealRedis, questions: list[tuple[View, list[str], bool, int]]
) -> None:
    async with keeping(redis, "product", policy=PUBLIC, company=a_company()) as kept:
        products = kept.port("crm", ProductSource)
        for view, skus, _, later in questions:
            kept.later(later)

            told = await products.fetch_products(as_seen(view), skus, Wanted.of("name"))
            await kept.refreshing.settled()

            assert {sku: record.name for sku, record in told.items()} == dict.fromkeys(skus, shown(view.legal_entities))


def as_seen(view: View) -> Call:
    return call(legal_entities=view.legal_entities, accounts=view.accounts)


async def test_what_is_public_is_read_once_for_readers_of_different_accounts(redis: RealRedis) -> None:
    company = a_company()
    company.crm.books.products.append(
        ProductRecord(ref=about("k1")[0], reference=about("k1")[1], stamp=about("k1")[2], sku="k1")
    )
    company.systems.by_name["crm"] = company.crm
    async with keeping(redis, "product", policy=PUBLIC, company=company) as kept:
        for accounts in (None, frozenset({"acc1"}), frozenset({"acc2"}), frozenset[str]()):
            assert await kept.port("crm", ProductSource).fetch_products(call(accounts=accounts), ["k1"], Wanted())

        assert company.crm.questions() == ["fetch_products"]


async def test_what_is_public_is_asked_with_no_more_than_it_is_kept_under(redis: RealRedis) -> None:
    async with keeping(redis, "product", policy=PUBLIC) as kept:
        narrow = call(accounts=frozenset({"acc1"}), legal_entities=frozenset({"DE01"}))

        await kept.port("crm", ProductSource).fetch_products(narrow, ["k1"], Wanted())

        assert kept.company.crm.asked[0].call.view == View(legal_entities=frozenset({"DE01"}))


async def test_another_tenant_finds_nothing_of_ours(redis: RealRedis) -> None:
    company = Company()
    company.customer("acc1")
    async with (
        keeping(redis, "customer", company=company) as ours,
        keeping(redis, "customer", company=company) as theirs,
    ):
        for kept in (ours, theirs):
            await kept.port("crm", CustomerSource).fetch_customers(call(), Lookup(keys=("acc1",)), Wanted())

        assert company.crm.questions() == ["fetch_customers"] * 2


INSTANCE = Instance(
    "books", "ledger", "erp", "https://books.example", {"client": "100"}, {"password": Secret("hunter2-hunter2")}
)


@pytest.mark.parametrize(
    "other",
    [
        replace(INSTANCE, base_url="https://test.books.example"),
        replace(INSTANCE, kind="other"),
        replace(INSTANCE, settings={"client": "200"}),
        replace(INSTANCE, credentials={"password": Secret("another")}),
        replace(INSTANCE, entities=(EntityAt(DE, {"company_code": "1010"}),)),
        replace(INSTANCE, entities=(EntityAt(US, {}),)),
    ],
    ids=["address", "kind", "setting", "credential", "legal entity's code", "legal entity"],
)
def test_a_system_that_is_set_up_in_another_way_is_not_served_what_was_read_before(other: Instance) -> None:
    assert sign_in("acme", other) != sign_in("acme", INSTANCE)
    assert sign_in("acme", replace(INSTANCE)) == sign_in("acme", INSTANCE)


def test_a_view_of_nothing_is_not_a_view_of_everything() -> None:
    nothing = frozenset[str]()
    views = [View(), View(nothing), View(None, nothing), View(nothing, nothing), View(frozenset({"a"}))]
    views += [View(None, frozenset({"a"})), View(frozenset({"a", "b"})), View(frozenset({"ab"}))]

    assert len({rights_of(b"us", view) for view in views}) == len(views)
    assert rights_of(b"us", View()) != rights_of(b"them", View())


def test_no_secret_can_be_read_from_an_address() -> None:
    assert b"hunter2" not in sign_in("acme", INSTANCE)
