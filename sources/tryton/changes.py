"""What an amendment makes of a sale's lines, and what speaks against it: pure, from the sale as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from canonical.errors import ProblemCategory
from canonical.intake import Amendment, LineChange
from sources.tryton.line_notes import from_note, to_note
from sources.tryton.mapping_intake import lines_of
from sources.tryton.prepared import Objection
from sources.tryton.values import told_amount
from sources.tryton.wire_intake import Line, Order

_Category = ProblemCategory
_ON_THE_WAY: Final = ("assigned", "done")
_NOTHING: Final = Decimal(0)


class Change(Struct, frozen=True, kw_only=True):
    """A line that is there, and what becomes of it."""

    line: Line
    quantity: Decimal
    unit_price: Decimal
    note: str | None
    removed: bool = False

    @property
    def is_commercial(self) -> bool:
        """Whether it changes what is sent and billed, and not only what its note says."""
        return (self.quantity, self.unit_price) != (self.line.quantity, price_of(self.line))


class Changes(Struct, frozen=True):
    """All changes of an amendment to lines that are there, and what speaks against them."""

    lines: tuple[Change, ...]
    objections: tuple[Objection, ...]

    @property
    def commercial(self) -> tuple[Change, ...]:
        """Those that change what is sent and billed."""
        return tuple(change for change in self.lines if change.is_commercial)

    def net(self, sale: Order) -> Decimal:
        """How much more (or less) the lines that are there would come to."""
        after = {change.line.id: change.quantity * change.unit_price for change in self.lines}
        before = {line.id: (line.quantity or _NOTHING) * price_of(line) for line in lines_of(sale)}
        return sum((after[key] - before[key] for key in after), _NOTHING)


def changes_of(sale: Order, amendment: Amendment, digits: int) -> Changes:
    """What is asked for, line by line."""
    held = {str(line.id): line for line in lines_of(sale)}
    against = [*_unknown(held, amendment)]
    changed = [_changed(held[change.key], change) for change in amendment.change if change.key in held]
    removed = [_removed(held[key]) for key in dict.fromkeys(amendment.remove) if key in held]
    lines = (*changed, *removed)
    against += [objection for change in lines for objection in _wrong(change, digits)]
    left = {key for key, line in held.items() if line.quantity} - {str(change.line.id) for change in removed}
    if not left and not amendment.add:
        against.append(Objection(_Category.INVALID_INPUT, "Nothing would be left of the order: cancel it instead."))
    return Changes(lines, tuple(against))


def price_of(line: Line) -> Decimal:
    """What one unit of it costs."""
    return line.unit_price.decimal if line.unit_price is not None else _NOTHING


def sku_of(line: Line) -> str:
    """What people call its product."""
    return (line.product.code if line.product is not None else None) or f"line {line.id}"


def on_the_way(line: Line) -> Decimal:
    """How much of it is reserved, picked or gone."""
    return sum((move.quantity or _NOTHING for move in line.moves or () if move.state in _ON_THE_WAY), _NOTHING)


def amendment_lines(changes: Sequence[Change]) -> list[dict[str, object]]:
    """Lines of an amendment (sale.amendment.line): each says all of what the sale's line is then."""
    return [
        {
            "action": "line",
            "line": change.line.id,
            "product": change.line.product.id if change.line.product is not None else None,
            "quantity": float(change.quantity),
            "unit": change.line.unit,
            "unit_price": told_amount(change.unit_price),
            "description": change.line.description,
        }
        for change in changes
    ]


def note_writes(changes: Sequence[Change]) -> tuple[list[object], list[object]]:
    """What is to be written of lines' notes, whatever state their sale is in, and what stands there before."""
    writes: list[object] = []
    before: list[object] = []
    for change in changes:
        if change.note != (change.line.note or None):
            writes += [[change.line.id], {"note": change.note}]
            before += [[change.line.id], {"note": change.line.note}]
    return writes, before


def draft_writes(changes: Sequence[Change]) -> list[object]:
    """What is to be done to lines of a draft."""
    writes: list[object] = []
    for change in changes:
        if not change.removed:
            writes += [[change.line.id], _values(change)]
    removed = [change.line.id for change in changes if change.removed]
    return [*([["write", *writes]] if writes else []), *([["delete", removed]] if removed else [])]


def _values(change: Change) -> Mapping[str, object]:
    return {
        "quantity": float(change.quantity),
        "unit_price": told_amount(change.unit_price),
        "note": change.note,
    }


def _changed(line: Line, asked: LineChange) -> Change:
    told = from_note(line.note)
    told = replace(
        told,
        starts_on=asked.starts_on or told.starts_on,
        ends_on=asked.ends_on or told.ends_on,
        deliver_on=asked.requested_delivery_date or told.deliver_on,
    )
    return Change(
        line=line,
        quantity=asked.quantity if asked.quantity is not None else line.quantity or _NOTHING,
        unit_price=asked.unit_price if asked.unit_price is not None else price_of(line),
        note=to_note(told, line.note),
    )


def _removed(line: Line) -> Change:
    return Change(line=line, quantity=_NOTHING, unit_price=price_of(line), note=line.note or None, removed=True)


def _unknown(held: Mapping[str, Line], amendment: Amendment) -> Iterator[Objection]:
    for key in (*(change.key for change in amendment.change), *amendment.remove):
        if key not in held:
            yield Objection(_Category.INVALID_INPUT, f"The order has no line {key}.")


def _wrong(change: Change, digits: int) -> Iterator[Objection]:
    sku, gone = sku_of(change.line), on_the_way(change.line)
    if change.quantity < 0 or (change.quantity == 0 and not change.removed):
        yield Objection(_Category.INVALID_INPUT, f"A quantity of {change.quantity} {sku} cannot be ordered.")
    if change.is_commercial and change.quantity < gone:
        sentence = f"{gone.normalize():f} {sku} are set aside or gone already: fewer cannot be ordered any more."
        yield Objection(_Category.CONFLICT, sentence)
    if change.unit_price.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) != change.unit_price:
        yield Objection(_Category.PRICING, f"A price has at most {digits} digits behind the point.")
