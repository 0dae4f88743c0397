"""Rows and messages of Tryton as changes: whose they are, and by which key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import msgspec
import pytest

from canonical.changes import Concept
from sources.kit.polling.places import Meant
from sources.kit.webhook.cloudevents import CloudEvent
from sources.kit.webhook.door import Meaning
from sources.tryton.mapping_changes import (
    meaning_of,
    of_entry,
    of_invoice,
    of_move,
    of_party,
    of_return,
    of_sale,
    of_sale_line,
    of_shipment,
)
from sources.tryton.settings import Settings
from sources.tryton.wire_changes import (
    ChangedEntry,
    ChangedInvoice,
    ChangedLine,
    ChangedMove,
    ChangedParty,
    ChangedShipment,
    Stamped,
)

T = TypeVar("T")
SETTINGS = Settings(database="erp")
MADE = {"__class__": "datetime", "year": 2026, "month": 11, "day": 20, "hour": 8, "minute": 0, "second": 1}
WRITTEN = {**MADE, "hour": 9, "microsecond": 5}


def row(kind: type[T], **fields: object) -> T:
    return msgspec.convert({"id": 7, "create_date": MADE, "write_date": None, **fields}, kind)


def test_a_record_that_was_never_written_has_the_instant_it_was_made() -> None:
    made, written = of_sale(row(Stamped)), of_sale(row(Stamped, write_date=WRITTEN))

    assert (made.key, made.at) == (("7",), datetime(2026, 11, 20, 8, 0, 1, tzinfo=UTC))
    assert written.at == datetime(2026, 11, 20, 9, 0, 1, 5, tzinfo=UTC)
    assert made.mark != written.mark
    assert made.meant == written.meant == Meant(Concept.ORDER, "7")


def test_what_belongs_to_a_record_tells_of_the_record() -> None:
    assert of_sale_line(row(ChangedLine, sale=43)).meant == Meant(Concept.ORDER, "43")
    assert of_sale_line(row(ChangedLine)).meant is None
    assert of_move(row(ChangedMove, shipment="stock.shipment.out,12", sale=43)).meant == Meant(
        Concept.SHIPMENT, "12", ("43",)
    )
    assert of_move(row(ChangedMove, shipment="stock.shipment.out.return,12")).meant == Meant(
        Concept.SHIPMENT, "return-12"
    )
    assert of_move(row(ChangedMove, shipment="stock.shipment.in,12")).meant is None


def test_shipments_and_returns_name_their_sales_once_each() -> None:
    moves = [{"id": 1, "sale": 43}, {"id": 2, "sale": 43}, {"id": 3, "sale": None}, {"id": 4, "sale": 44}]

    assert of_shipment(row(ChangedShipment, outgoing_moves=moves)).meant == Meant(Concept.SHIPMENT, "7", ("43", "44"))
    assert of_return(row(ChangedShipment, incoming_moves=moves)).meant == Meant(
        Concept.SHIPMENT, "return-7", ("43", "44")
    )


def test_a_credit_note_tells_of_the_invoice_that_it_credits() -> None:
    note = {"total_amount": {"decimal": "-10"}, "sales": [], "origin_invoices": [{"id": 3, "sales": [43]}]}
    alone = {"total_amount": {"decimal": "-10"}, "sales": [44], "origin_invoices": []}

    assert of_invoice(row(ChangedInvoice, **note)).meant == Meant(Concept.INVOICE, "3", ("43",))
    assert of_invoice(row(ChangedInvoice, **alone)).meant == Meant(Concept.INVOICE, "7", ("44",))
    assert of_invoice(row(ChangedInvoice, total_amount={"decimal": "10"}, sales=[43])).meant == Meant(
        Concept.INVOICE, "7", ("43",)
    )


@pytest.mark.parametrize(
    "journal,origin,paid,meant",
    [
        ("cash", "account.invoice,2", 2, Meant(Concept.PAYMENT, "66")),
        ("cash", None, None, Meant(Concept.PAYMENT, "66")),
        ("revenue", "account.invoice,2", None, Meant(Concept.INVOICE, "2")),
        ("revenue", "account.invoice,10", 9, Meant(Concept.INVOICE, "9")),
        ("revenue", "account.move,1", None, None),
    ],
)
def test_a_line_in_the_books_is_a_payments_or_an_invoices_by_its_journal(
    journal: str, origin: str | None, paid: int | None, meant: Meant | None
) -> None:
    entry = {"id": 66, "origin": origin, "journal": {"id": 1, "type": journal}}

    assert of_entry(row(ChangedEntry, move=entry, invoice_payment=paid), SETTINGS).meant == meant


def test_a_party_is_told_by_its_code() -> None:
    assert of_party(row(ChangedParty, code="17100074")).meant == Meant(Concept.CUSTOMER, "17100074")
    assert of_party(row(ChangedParty)).meant is None


@pytest.mark.parametrize(
    "kind,subject,expected",
    [
        ("tryton.sale.sale.changed", "43", Meaning(Concept.ORDER, "43")),
        ("tryton.stock.shipment.out.changed", "12", Meaning(Concept.SHIPMENT, "12")),
        ("tryton.stock.shipment.out.return.changed", "12", Meaning(Concept.SHIPMENT, "return-12")),
        ("tryton.account.invoice.changed", "9", Meaning(Concept.INVOICE, "9")),
        ("tryton.account.move.changed", "66", Meaning(Concept.PAYMENT, "66")),
        ("tryton.party.party.changed", "17100074", Meaning(Concept.CUSTOMER, "17100074")),
        ("tryton.sale.sale.changed", None, "It names no record: its subject is missing."),
        ("sale.sale", "43", "Events of the type sale.sale say nothing here."),
        ("tryton.sale.sale", "43", "Events of the type tryton.sale.sale say nothing here."),
        ("tryton.ir.cron.changed", "1", "Events of the type tryton.ir.cron.changed say nothing here."),
    ],
)  # fmt: skip
def test_messages_name_a_model_and_a_record(kind: str, subject: str | None, expected: Meaning | str) -> None:
    assert meaning_of(CloudEvent(id="1", source="/tryton/erp", type=kind, subject=subject)) == expected
