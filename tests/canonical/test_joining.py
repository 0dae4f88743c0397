"""Records are one order by the references they carry."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from canonical.joining import join_customers, join_orders
from canonical.order import OrderRecord, Stage
from canonical.refs import Ref
from tests.fakes.company import Company, order_record


def naming(reference: str) -> str | None:
    return reference if reference.startswith("sale") else None


def record(system: str, key: str, *partners: str, entity: str | None = "DE01") -> OrderRecord:
    made = order_record(system, key, days_ago=1, entity=entity, stage=Stage.BOOKED)
    return replace(made, partner_keys=partners)


def test_a_reference_that_names_a_crm_order_joins_even_when_the_crm_is_silent() -> None:
    [group] = join_orders("crm", [], [record("erp-eu", "77", "sale1")], naming)

    assert (group.anchor, group.crm, [booking.ref.key for booking in group.booked]) == (
        Ref("crm", "sale1"),
        None,
        ["77"],
    )


def test_free_text_joins_only_by_a_number_written_back_for_the_same_legal_entity() -> None:
    sold = record("crm", "sale1", "N-77")
    other_entity = record("erp-us", "77", "PO 4711", entity="US01")
    same_entity = record("erp-eu", "77", "PO 4711")

    groups = join_orders("crm", [sold], [other_entity, same_entity], naming)

    assert [(group.anchor, [b.ref for b in group.booked]) for group in groups] == [
        (Ref("crm", "sale1"), [Ref("erp-eu", "77")]),
        (Ref("erp-us", "77"), [Ref("erp-us", "77")]),
    ]


def test_two_bookings_that_claim_one_order_are_both_shown() -> None:
    [group] = join_orders(
        "crm", [record("crm", "sale1")], [record("erp-eu", "78", "sale1"), record("erp-eu", "77", "sale1")], naming
    )

    assert [booking.ref.key for booking in group.booked] == ["77", "78"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["erp-eu", "erp-us"]), st.integers(1, 9), st.sampled_from(["sale1", "sale2", "x", ""])
        ),
        max_size=12,
    )
)
def test_every_record_is_in_exactly_one_group_whatever_the_order(rows: list[tuple[str, int, str]]) -> None:
    records = [record(system, str(key), *((reference,) if reference else ())) for system, key, reference in rows]
    heads = [record("crm", "sale1"), record("crm", "sale3")]

    groups = join_orders("crm", heads, records, naming)
    shuffled = join_orders("crm", heads[::-1], records[::-1], naming)

    refs = [booking.ref for group in groups for booking in group.booked]
    by_ref = {r.ref: r for r in records}
    if len({(r.ref, r.partner_keys) for r in records}) == len(by_ref):
        assert sorted(refs) == sorted(by_ref)
        assert {(g.anchor, g.booked) for g in groups} == {(g.anchor, g.booked) for g in shuffled}
    assert {Ref("crm", "sale1"), Ref("crm", "sale3")} <= {group.anchor for group in groups}


def test_an_erp_account_joins_the_customer_that_carries_its_number() -> None:
    company = Company()
    acme = company.customer("acc1", numbers=("1710",))
    account = replace(acme, ref=Ref("erp-eu", "1710"), number="1710", partner_keys=())
    stranger = replace(account, ref=Ref("erp-eu", "1711"), number="1711")

    groups = join_customers("crm", [acme], [account, stranger], lambda _: None)

    assert [(g.anchor, [a.ref.key for a in g.accounts]) for g in groups] == [
        (Ref("crm", "acc1"), ["1710"]),
        (Ref("erp-eu", "1711"), ["1711"]),
    ]
