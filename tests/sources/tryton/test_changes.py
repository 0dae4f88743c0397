"""What an amendment makes of a sale that is sent in part, as the real server tells it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from canonical.errors import ProblemCategory
from canonical.intake import Amendment, LineChange, LineRequest
from sources.tryton.changes import amendment_lines, changes_of, draft_writes, note_writes
from sources.tryton.mapping_intake import is_cancelled, is_unfinished, to_acknowledgment
from sources.tryton.wire_intake import Order, orders_under
from tests.sources.tryton.reading import reading, rows

SALES = orders_under("description", "reference", None)
[SALE] = rows("sale_to_change", SALES)
"""Four valves, of which one has left, and an analysis."""


def asked(**more: object) -> Amendment:
    return msgspec.structs.replace(Amendment(reference="A1", order_key="103", legal_entity_code="US01"), **more)


def against(**more: object) -> list[tuple[ProblemCategory, str]]:
    return [(each.category, each.sentence) for each in changes_of(SALE, asked(**more), 4).objections]


def change(key: str, quantity: str | None = None, **more: object) -> LineChange:
    return msgspec.structs.replace(LineChange(key=key, quantity=Decimal(quantity) if quantity else None), **more)


def test_a_sale_is_acknowledged_with_its_lines_in_order() -> None:
    told = to_acknowledgment(SALE, reading())

    assert (told.order.key, told.number, told.state, told.line_keys) == ("103", "205001", "Processing", ("285", "286"))
    assert told.version == "2026-11-26T08:03:57.415671+00:00"
    assert not told.cancelled
    assert (SALE.ours, SALE.reference) == ("RG1", "801AAA")


def test_only_a_draft_or_quotation_that_was_never_confirmed_is_unfinished() -> None:
    def sale(state: str, *, dated: bool) -> Order:
        return msgspec.structs.replace(SALE, state=state, sale_date=SALE.sale_date if dated else None)

    assert is_unfinished(sale("draft", dated=False))
    assert is_unfinished(sale("quotation", dated=False))
    assert not is_unfinished(sale("draft", dated=True))
    assert not is_unfinished(sale("cancelled", dated=False))
    assert not is_unfinished(sale("confirmed", dated=True))
    assert is_cancelled(sale("cancelled", dated=False))
    assert not is_cancelled(sale("done", dated=True))


def test_a_change_says_all_of_what_the_line_is_then() -> None:
    changes = changes_of(SALE, asked(change=(change("285", "3"),)), 4)

    assert changes.objections == ()
    assert amendment_lines(changes.commercial) == [
        {
            "action": "line",
            "line": 285,
            "product": 13,
            "quantity": 3.0,
            "unit": 1,
            "unit_price": {"__class__": "Decimal", "decimal": "449.0000"},
            "description": None,
        }
    ]
    assert changes.net(SALE) == Decimal("-449.0000")


def test_dates_alone_are_written_into_the_note_and_no_amendment() -> None:
    changes = changes_of(SALE, asked(change=(change("286", None, ends_on=date(2028, 6, 30)),)), 4)

    writes, before = note_writes(changes.lines)
    assert changes.commercial == ()
    assert writes == [[286], {"note": "Revgraph: parent=1, segment=1, from=2027-01-01, to=2028-06-30"}]
    assert before == [[286], {"note": "Revgraph: parent=1, segment=1, from=2027-01-01, to=2027-12-31"}]


def test_a_draft_is_written_to_and_loses_lines() -> None:
    changes = changes_of(SALE, asked(change=(change("285", "6"),), remove=("286",)), 4)

    assert draft_writes(changes.lines) == [
        [
            "write",
            [285],
            {
                "quantity": 6.0,
                "unit_price": {"__class__": "Decimal", "decimal": "449.0000"},
                "note": "Revgraph: source=802A",
            },
        ],
        ["delete", [286]],
    ]


def test_what_has_left_cannot_be_taken_back() -> None:
    gone = (ProblemCategory.CONFLICT, "1 AC-30 are set aside or gone already: fewer cannot be ordered any more.")
    held = msgspec.structs.replace(SALE, lines=[msgspec.structs.replace(line, moves=[]) for line in SALE.lines or ()])

    assert against(remove=("285",)) == [gone]
    assert against(change=(change("285", "1"),)) == []
    assert changes_of(held, asked(remove=("285",)), 4).objections == ()


def test_what_makes_no_sense_is_refused_in_words() -> None:
    assert against(change=(change("9", "1"),), remove=("8",)) == [
        (ProblemCategory.INVALID_INPUT, "The order has no line 9."),
        (ProblemCategory.INVALID_INPUT, "The order has no line 8."),
    ]
    assert against(change=(change("286", "0"),)) == [
        (ProblemCategory.INVALID_INPUT, "A quantity of 0 ANA-1 cannot be ordered.")
    ]
    assert against(change=(change("286", None, unit_price=Decimal("1.23456")),)) == [
        (ProblemCategory.PRICING, "A price has at most 4 digits behind the point.")
    ]


def test_an_order_of_which_nothing_is_left_is_to_be_cancelled() -> None:
    nothing = (ProblemCategory.INVALID_INPUT, "Nothing would be left of the order: cancel it instead.")
    more = (LineRequest(sku="AC-75", quantity=Decimal(1)),)

    assert nothing in against(remove=("285", "286"))
    assert nothing not in against(remove=("285", "286"), add=more)
