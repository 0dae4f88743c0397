from __future__ import annotations

from sources.tryton.marks import Progress, begun, done, progress_of, purchase_order_in, with_line, with_purchase_order


def test_a_comment_tells_how_far_an_amendment_has_come() -> None:
    first = begun("Call before you come", "RG1-1", "confirmed")
    last = done(first, "RG1-1")

    assert first == "Call before you come\nAmendment RG1-1 begun at confirmed."
    assert progress_of(first, "RG1-1") == Progress("confirmed", edited=False)
    assert progress_of(last, "RG1-1") == Progress("confirmed", edited=True)
    assert progress_of(last, "RG1") == progress_of(None, "RG1-1") == Progress()
    assert done(last, "RG1-1") == last


def test_an_amendment_is_over_when_its_order_is_back_where_it_stood() -> None:
    made = Progress("confirmed", edited=True)

    assert not made.is_over("draft")
    assert not made.is_over("quotation")
    assert made.is_over("confirmed")
    assert made.is_over("processing")
    assert Progress(None, edited=True).is_over("draft")
    assert not Progress("draft", edited=False).is_over("done")


def test_a_reference_with_signs_of_expressions_is_taken_as_it_stands() -> None:
    comment = begun(None, "RG.1", "quotation")

    assert progress_of(comment, "RG.1").target == "quotation"
    assert progress_of(comment, "RGx1").target is None


def test_the_customers_own_number_is_a_line_of_its_own_and_there_once() -> None:
    comment = with_purchase_order("Delivery block since 2026-11-02", "PO 1")

    assert purchase_order_in(comment) == "PO 1"
    assert with_purchase_order(f"{comment}\nby hand", "PO 2") == (
        "Delivery block since 2026-11-02\nPurchase order PO 2\nby hand"
    )
    assert purchase_order_in("No purchase order yet") is None
    assert purchase_order_in(None) is None


def test_a_line_is_added_once() -> None:
    assert with_line(None, "A") == "A"
    assert with_line("A\nB", "A") == "A\nB"
    assert with_line("AB", "A") == "AB\nA"
