"""A customer's taxes on a product, worked out as Tryton's forms do it: a line that is created by itself has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from sources.tryton.values import on_day
from sources.tryton.wire_intake import RuleLine, Tax, TaxRule

RULE_FIELDS: Final = frozenset(
    {
        *("id", "rec_name", "xml_id", "create_date", "create_uid", "write_date", "write_uid", "last_modified_at"),
        *("rule", "sequence", "start_date", "end_date", "group", "origin_tax", "keep_origin", "tax"),
        *("template", "template_override"),
    }
)
"""The fields of a rule's line in Tryton 8.0. One more is something that it goes by and we do not."""


def taxes_for(used: Sequence[Tax], rule: TaxRule | None, today: date) -> tuple[Tax, ...]:
    """The taxes of a line, each once and by id: the product's own, replaced by the customer's rule if there is one."""
    if rule is None:
        return _each_once(used)
    lines = sorted(rule.lines or (), key=lambda line: (line.sequence is not None, line.sequence or 0, line.id))
    asked: list[Tax | None] = [*used, None]
    return _each_once(tax for origin in asked for tax in _replaced(origin, lines, today))


def _replaced(origin: Tax | None, lines: Sequence[RuleLine], today: date) -> Iterator[Tax]:
    """What stands for a tax, by the first line that fits; without an origin, what is added whatever the product."""
    fitting = next((line for line in lines if _fits(line, origin, today)), None)
    if fitting is None:
        if origin is not None:
            yield origin
        return
    if fitting.tax is not None:
        yield fitting.tax
        if fitting.keep_origin and origin is not None:
            yield origin


def _fits(line: RuleLine, origin: Tax | None, today: date) -> bool:
    starts, ends = on_day(line.start_date), on_day(line.end_date)
    if (starts and today < starts) or (ends and today > ends):
        return False
    # A tax of a group needs a line of that group; a line without one is for taxes without.
    if line.group != (origin.group if origin else None):
        return False
    return line.origin_tax is None or line.origin_tax == (origin.id if origin else None)


def _each_once(taxes: Iterable[Tax]) -> tuple[Tax, ...]:
    held = {tax.id: tax for tax in taxes}
    return tuple(held[key] for key in sorted(held))
