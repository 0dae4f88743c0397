"""What the intake sees: which orders a change is about, and how each of them stands over all systems."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from canonical.absence import known
from canonical.changes import Change, Concept
from canonical.contract import ContractRecord
from canonical.deadline import Deadline
from canonical.errors import Fault, Refused, Unavailable
from canonical.invoice import CreditMemo
from canonical.lineage import Stamp
from canonical.money import money
from canonical.order import Hold, HoldKind, OrderRecord, OrderStatus
from canonical.payment import Payment, PaymentApplication
from canonical.principal import Principal, View
from canonical.refs import Ref, SystemReference
from canonical.timeline import TimelineArea, TimelineKind
from canonical.wanted import Wanted
from resolvers import orders_about
from resolvers.looking import Looker
from sources.kit.call import Call
from sources.ports import Lookup, OrderQuery, Page
from tests.fakes.company import NOW, Company, landscape
from tests.fakes.feeds import change
from tests.fakes.systems import Books, FakeCrm
from workflows.looking import Seen, Whose

DOWN = Unavailable("erp-eu", "erp-eu does not answer.")
SALE1, BOOKING1, BOOKING2 = Ref("crm", "sale1"), Ref("erp-eu", "71"), Ref("erp-eu", "72")


class Looked:
    """A company with two orders, both booked in Europe, and the eye on it."""

    def __init__(self) -> None:
        self.company = Company()
        self.company.customer(numbers=("erp-eu-c1",))
        for number in (1, 2):
            self.company.sold(f"sale{number}", quote_key="q1")
        self.first = self.company.booked("erp-eu", "71", "sale1")
        self.second = self.company.booked("erp-eu", "72", "sale2")
        self.eye = Looker(landscape(), self.company.systems)

    def agreed(self, order: str, contract: str, **facts: Any) -> None:
        """A contract on which an order hangs."""
        orders = self.company.crm.books.orders
        orders[:] = [replace(one, contract_key=contract) if one.ref.key == order else one for one in orders]
        reference, stamp = SystemReference("crm", "Contract", contract), Stamp("crm", "Contract", contract, NOW)
        record = ContractRecord(ref=Ref("crm", contract), reference=reference, stamp=stamp, number="C-7", **facts)
        self.company.crm.books.contracts.append(record)

    def call(self) -> Call:
        """A worker's, which has no scope of its own."""
        return Call(Principal("revgraph", "acme", "worker", frozenset()), View(), Deadline.after(20), "c-1")

    async def about(self, *changes: Change, system: str = "erp-eu") -> list[tuple[Ref, ...] | Fault]:
        return list(await self.eye.orders_of(self.call(), system, changes))

    async def seen(self, ref: Ref) -> Seen:
        found = (await self.eye.look(self.call(), [ref]))[ref]
        assert isinstance(found, Seen)
        return found


@pytest.fixture
def looked() -> Looked:
    return Looked()


def memo(key: str, **facts: Any) -> CreditMemo:
    reference, stamp = SystemReference("erp-eu", "CreditMemo", key), Stamp("erp-eu", "CreditMemo", key, NOW)
    return CreditMemo(ref=Ref("erp-eu", key), reference=reference, stamp=stamp, **facts)


async def test_a_change_of_an_order_is_about_itself_and_one_that_names_its_orders_about_those(looked: Looked) -> None:
    named = replace(change("S1", concept=Concept.SHIPMENT), order_keys=("71", "72"))

    assert await looked.about(change("71"), named) == [(BOOKING1,), (BOOKING1, BOOKING2)]
    assert looked.company.eu.questions() == []


async def test_a_change_of_a_shipment_is_about_the_order_that_it_ships(looked: Looked) -> None:
    looked.company.shipped(looked.first, "S1", 4)

    told = await looked.about(change("S1", concept=Concept.SHIPMENT), change("S9", concept=Concept.SHIPMENT))

    assert told == [(BOOKING1,), ()]


async def test_a_change_of_a_collective_invoice_is_about_all_of_its_orders(looked: Looked) -> None:
    looked.company.billed(looked.first, "I1", 10, order_refs=(BOOKING1, BOOKING2))
    looked.company.billed(looked.second, "I2", 10)

    told = await looked.about(*[change(key, concept=Concept.INVOICE) for key in ("I1", "I9", "I2", "I1")])

    assert told == [(BOOKING1, BOOKING2), (), (BOOKING2,), (BOOKING1, BOOKING2)]
    assert looked.company.eu.questions().count("fetch_invoices") == 1


async def test_a_change_of_a_credit_memo_is_about_its_orders_or_those_of_the_invoices_it_credits(
    looked: Looked,
) -> None:
    looked.company.billed(looked.first, "I1", 10, order_refs=(BOOKING1, BOOKING2))
    looked.company.eu.books.memos += [
        memo("M1", order_refs=(BOOKING2,)),
        memo("M2", invoice_refs=(Ref("erp-eu", "I1"),)),
        memo("M3", invoice_refs=(Ref("erp-eu", "I9"),)),
    ]

    told = await looked.about(*[change(key, concept=Concept.INVOICE) for key in ("M1", "M2", "M3", "M9")])

    assert told == [(BOOKING2,), (BOOKING1, BOOKING2), (), ()]


async def test_a_change_of_a_payment_is_about_the_orders_of_the_invoices_that_it_paid(looked: Looked) -> None:
    for order, key in ((looked.first, "I1"), (looked.second, "I2")):
        looked.company.billed(order, key, 10)
    paid = [_paid("P1", "I1", "I2"), _paid("P2", "I2"), _paid("P3")]
    looked.company.eu.books.payments += paid

    told = await looked.about(*[change(key, concept=Concept.PAYMENT) for key in ("P1", "P2", "P3", "P9")])

    assert told == [(BOOKING1, BOOKING2), (BOOKING2,), (), ()]


def _paid(key: str, *invoices: str) -> Payment:
    used = tuple(
        PaymentApplication(invoice_ref=Ref("erp-eu", one), amount=money(1, "EUR"), applied_at=NOW) for one in invoices
    )
    reference, stamp = SystemReference("erp-eu", "Payment", key), Stamp("erp-eu", "Payment", key, NOW)
    return Payment(ref=Ref("erp-eu", key), reference=reference, stamp=stamp, applications=used)


async def test_a_change_of_a_quote_is_about_the_orders_that_were_made_of_it(looked: Looked) -> None:
    told = await looked.about(change("q1", concept=Concept.QUOTE), change("q9", concept=Concept.QUOTE), system="crm")

    assert isinstance(told[0], tuple)
    assert set(told[0]) == {SALE1, Ref("crm", "sale2")}
    assert told[1] == ()


async def test_a_change_of_a_contract_is_about_the_orders_that_hang_on_it(looked: Looked) -> None:
    looked.agreed("sale2", "c1")

    told = await looked.about(
        change("c1", concept=Concept.CONTRACT), change("c9", concept=Concept.CONTRACT), system="crm"
    )

    assert told == [(Ref("crm", "sale2"),), ()]


async def test_many_quotes_are_one_question_and_each_has_its_own_orders(looked: Looked) -> None:
    for number in range(3, 90):
        looked.company.sold(f"sale{number}", quote_key=f"q{number}")

    told = await looked.about(*[change(f"q{n}", concept=Concept.QUOTE) for n in range(1, 100)], system="crm")

    assert told[2:89] == [(Ref("crm", f"sale{number}"),) for number in range(3, 90)]
    assert [len(one) for one in told if isinstance(one, tuple)].count(0) == 11
    assert looked.company.crm.questions() == ["list_orders"]


async def test_all_orders_of_a_quote_are_found_however_many_pages_they_fill(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders_about, "PAGE", 4)
    for number in range(3, 24):
        looked.company.sold(f"sale{number}", quote_key="q1", days_ago=number // 2)

    [of_q1, of_q2] = await looked.about(
        change("q1", concept=Concept.QUOTE), change("q2", concept=Concept.QUOTE), system="crm"
    )

    assert isinstance(of_q1, tuple)
    assert set(of_q1) == {Ref("crm", f"sale{number}") for number in range(1, 24)}
    assert of_q2 == ()


async def test_quotes_with_more_orders_than_a_page_keep_what_was_found_and_the_rest_has_the_fault(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders_about, "PAGE", 2)
    looked.company.sold("sale3", quote_key="q2")
    looked.company.crm = looked.company.systems.by_name["crm"] = Tiring(looked.company.crm.books, questions=2)

    told = await looked.about(*[change(key, concept=Concept.QUOTE) for key in ("q1", "q2")], system="crm")

    assert isinstance(told[0], tuple)
    assert set(told[0]) == {SALE1, Ref("crm", "sale2")}
    assert told[1] is TIRED


TIRED = Unavailable("crm", "crm does not answer any more.")


class Tiring(FakeCrm):
    """Answers so many questions, and none after them."""

    def __init__(self, books: Books, questions: int) -> None:
        super().__init__(books)
        self._left = questions

    async def list_orders(
        self, call: Call, query: OrderQuery, wanted: Wanted, also: Lookup | None = None
    ) -> Page[OrderRecord]:
        """A page, as long as it is not tired."""
        self._left -= 1
        if self._left < 0:
            raise TIRED
        return await super().list_orders(call, query, wanted, also)


async def test_invoices_that_were_found_keep_their_orders_when_credit_memos_cannot_be_asked_for(
    looked: Looked,
) -> None:
    looked.company.billed(looked.first, "I1", 10)
    looked.company.eu.faults["fetch_credit_memos"] = DOWN

    told = await looked.about(change("I1", concept=Concept.INVOICE), change("M1", concept=Concept.INVOICE))

    assert told == [(BOOKING1,), DOWN]


async def test_payments_whose_invoices_cannot_be_read_are_looked_at_later(looked: Looked) -> None:
    looked.company.eu.books.payments += [_paid("P1", "I1"), _paid("P2")]
    looked.company.eu.faults["fetch_invoices"] = DOWN

    told = await looked.about(*[change(key, concept=Concept.PAYMENT) for key in ("P1", "P2")])

    assert told == [DOWN, ()]


@pytest.mark.parametrize("concept", [Concept.CUSTOMER, Concept.PRODUCT])
async def test_a_change_of_what_orders_only_refer_to_is_about_none(looked: Looked, concept: Concept) -> None:
    assert await looked.about(change("acc1", concept=concept), system="crm") == [()]


@pytest.mark.parametrize("concept", [Concept.SHIPMENT, Concept.INVOICE, Concept.PAYMENT])
async def test_a_system_that_has_no_such_records_tells_of_none(looked: Looked, concept: Concept) -> None:
    assert await looked.about(change("X1", concept=concept), system="crm") == [()]


async def test_a_fault_is_only_that_of_the_changes_for_which_it_had_to_be_asked(looked: Looked) -> None:
    looked.company.shipped(looked.first, "S1", 4)
    looked.company.eu.faults["fetch_invoices"] = DOWN

    told = await looked.about(
        change("I1", concept=Concept.INVOICE), change("S1", concept=Concept.SHIPMENT), change("72")
    )

    assert told == [DOWN, (BOOKING1,), (BOOKING2,)]


@pytest.mark.parametrize("ref", [SALE1, BOOKING1])
async def test_an_order_is_seen_whole_by_any_of_its_names(looked: Looked, ref: Ref) -> None:
    looked.company.shipped(looked.first, "S1", 4)
    looked.company.billed(looked.first, "I1", 10, paid="1200", created_at=NOW)

    seen = await looked.seen(ref)

    kinds = [entry.kind for entry in seen.entries]
    assert (seen.order, seen.whose) == (SALE1, Whose(customer=Ref("crm", "acc1"), crm="acc1"))
    assert (seen.names, seen.books) == ((BOOKING1,), {BOOKING1: "DE01"})
    assert seen.legal_entities == ("DE01",)
    assert seen.status is OrderStatus.IN_FULFILLMENT
    assert seen.silent == ()
    for kind in (TimelineKind.ORDER_BOOKED, TimelineKind.SHIPMENT_POSTED, TimelineKind.INVOICE_GENERATED):
        assert kind in kinds
    assert TimelineKind.PAYMENT_APPLIED in kinds
    assert [entry.at for entry in seen.entries] == sorted(entry.at for entry in seen.entries)


async def test_a_hold_that_stands_is_seen(looked: Looked) -> None:
    hold = Hold(kind=HoldKind.CREDIT, system="erp-eu", reason="Over the limit", owner="credit desk")
    looked.company.eu.books.orders[0] = replace(looked.first, holds=(hold,))

    seen = await looked.seen(SALE1)

    held = [entry for entry in seen.entries if entry.kind is TimelineKind.HOLD_PLACED]
    assert [entry.key for entry in held] == ["HOLD_PLACED:crm:sale1:erp-eu/71/CREDIT"]
    assert seen.status is OrderStatus.ON_HOLD


async def test_an_order_in_the_books_of_two_legal_entities_is_both_s(looked: Looked) -> None:
    looked.company.booked("erp-us", "90", "sale1")

    assert (await looked.seen(SALE1)).legal_entities == ("DE01", "US01")


async def test_an_order_that_is_not_booked_is_of_the_legal_entity_that_sales_named(looked: Looked) -> None:
    looked.company.sold("sale3", entity="US01")

    seen = await looked.seen(Ref("crm", "sale3"))

    assert seen.legal_entities == ("US01",)


async def test_what_no_system_has_is_absent_and_a_silent_system_is_named(looked: Looked) -> None:
    nowhere = Ref("crm", "sale9")
    looked.company.eu.faults["*"] = DOWN

    found = await looked.eye.look(looked.call(), [nowhere, SALE1, BOOKING1])

    assert nowhere not in found
    order, booking = found[SALE1], found[BOOKING1]
    assert isinstance(order, Seen)
    assert order.silent == ("erp-eu",)
    assert order.status is None
    assert booking is DOWN


async def test_what_cannot_be_read_of_an_order_makes_its_system_silent(looked: Looked) -> None:
    looked.company.eu.faults["fetch_shipments_of_orders"] = DOWN

    seen = await looked.seen(SALE1)

    assert seen.silent == ("erp-eu",)
    assert TimelineKind.ORDER_BOOKED in [entry.kind for entry in seen.entries]


async def test_the_amendment_of_its_contract_is_a_part_of_what_happened_to_an_order(looked: Looked) -> None:
    looked.agreed("sale1", "c1", amended_at=NOW)

    seen = await looked.seen(BOOKING1)

    [entry] = [one for one in seen.entries if one.kind is TimelineKind.CONTRACT_AMENDED]
    assert (entry.key, entry.at) == ("CONTRACT_AMENDED:crm:sale1:crm/c1", NOW)
    assert (entry.area, entry.system, entry.title) == (TimelineArea.CONTRACT, "crm", "Contract C-7 was amended")
    assert entry.subject == ("Order", SALE1)
    assert entry.reference == SystemReference("crm", "Contract", "c1")


async def test_a_contract_that_was_never_amended_tells_nothing(looked: Looked) -> None:
    looked.agreed("sale1", "c1", amended_at=None)

    seen = await looked.seen(SALE1)

    assert TimelineKind.CONTRACT_AMENDED not in [one.kind for one in seen.entries]


async def test_a_crm_without_a_field_for_amendments_is_not_asked_for_contracts(looked: Looked) -> None:
    looked.agreed("sale1", "c1", amended_at=NOW)
    looked.company.crm = looked.company.systems.by_name["crm"] = Unamended(looked.company.crm.books)

    seen = await looked.seen(SALE1)

    assert seen.silent == ()
    assert "fetch_contracts" not in looked.company.crm.questions()


class Unamended(FakeCrm):
    """Does not know when contracts were amended."""

    def origin(self, concept: str, field: str) -> str | None:
        """No field for that."""
        return None if (concept, field) == ("Contract", "amended_at") else super().origin(concept, field)


async def test_a_contract_that_cannot_be_read_makes_its_system_silent(looked: Looked) -> None:
    looked.agreed("sale1", "c1", amended_at=NOW)
    looked.company.crm.faults["fetch_contracts"] = Unavailable("crm", "crm does not answer.")

    assert (await looked.seen(SALE1)).silent == ("crm",)


async def test_what_stands_in_a_company_s_books_says_so_and_what_is_the_whole_order_s_does_not(looked: Looked) -> None:
    theirs = looked.company.booked("erp-us", "90", "sale1")
    for order, key in ((looked.first, "1"), (theirs, "2")):
        looked.company.shipped(order, f"S{key}", 4)
        looked.company.billed(order, f"I{key}", 10, paid="1200")

    seen = await looked.seen(SALE1)

    books: dict[str | None, set[TimelineKind]] = {}
    for entry in seen.entries:
        books.setdefault(entry.legal_entity, set()).add(entry.kind)
    in_books = {
        TimelineKind.ORDER_BOOKED,
        TimelineKind.SHIPMENT_POSTED,
        TimelineKind.INVOICE_GENERATED,
        TimelineKind.PAYMENT_APPLIED,
    }
    assert books["DE01"] == books["US01"] == in_books
    assert books[None].isdisjoint(in_books)


@pytest.mark.parametrize("question", ["*", "fetch_customers"])
async def test_while_the_crm_is_silent_nobody_knows_whose_an_order_is_and_it_is_asked_again(
    looked: Looked, question: str
) -> None:
    looked.company.crm.faults[question] = Unavailable("crm", "crm does not answer.")

    seen = await looked.seen(BOOKING1)

    assert seen.whose is None
    assert "crm" in seen.silent


async def test_whose_an_order_is_that_an_erp_alone_has_is_not_known_before_the_crm_was_asked(looked: Looked) -> None:
    theirs = replace(looked.company.crm.books.customers[0], ref=Ref("erp-eu", "alone"), number="alone", partner_keys=())
    looked.company.eu.books.customers.append(theirs)
    looked.company.booked("erp-eu", "73", "", customer_key="alone")
    sure = await looked.seen(Ref("erp-eu", "73"))
    looked.company.crm.faults["*"] = Unavailable("crm", "crm does not answer.")

    unsure = await looked.seen(Ref("erp-eu", "73"))

    assert (sure.whose, sure.silent) == (Whose(customer=theirs.ref), ())
    assert (unsure.whose, unsure.silent) == (None, ("crm",))


async def test_an_erp_that_shows_no_customers_keeps_no_order_from_being_told(looked: Looked) -> None:
    looked.company.booked("erp-eu", "73", "", customer_key="alone")
    looked.company.eu.faults["fetch_customers"] = Refused("erp-eu", "The user may not read business partners.")

    seen = await looked.seen(Ref("erp-eu", "73"))

    assert (seen.whose, seen.silent) == (Whose(customer=Ref("erp-eu", "alone")), ())


@pytest.mark.parametrize("question", ["*", "fetch_customers"])
async def test_an_erp_that_shows_no_customers_hides_no_silence_of_the_crm(looked: Looked, question: str) -> None:
    looked.company.eu.faults["fetch_customers"] = Refused("erp-eu", "The user may not read business partners.")
    looked.company.crm.faults[question] = Unavailable("crm", "crm does not answer.")

    for ref in (SALE1, BOOKING1):
        found = (await looked.eye.look(looked.call(), [ref]))[ref]
        assert not isinstance(found, Seen) or (found.whose, "crm" in found.silent) == (None, True)


async def test_a_payment_that_is_told_later_with_an_earlier_day_makes_no_other_a_new_one(looked: Looked) -> None:
    looked.company.billed(looked.first, "I1", 10, paid="1200")
    invoices = looked.company.eu.books.invoices
    [paid] = known(invoices[0].payments) or ()
    before = await looked.seen(SALE1)
    assert paid.payment
    earlier = replace(paid, payment=replace(paid.payment, ref=Ref("erp-eu", "P0")), applied_at=NOW - timedelta(days=3))
    twice = replace(paid, applied_at=NOW + timedelta(days=3))
    invoices[0] = replace(invoices[0], payments=(earlier, paid, twice))

    after = await looked.seen(SALE1)

    assert {entry.key for entry in before.entries} < {entry.key for entry in after.entries}
    assert sum(entry.kind is TimelineKind.PAYMENT_APPLIED for entry in after.entries) == 3
