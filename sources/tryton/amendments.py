"""Amendments of sales that are processed (Tryton's module sale_amendment): entered as drafts, and validated.

Validating changes the sale and takes back what was planned for it in one transaction; Tryton then plans it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from canonical.errors import ProblemCategory, Refused
from sources.tryton.clerk import Clerk
from sources.tryton.domain import clause, every
from sources.tryton.finding import AMENDMENT, AMENDMENTS
from sources.tryton.settings import Settings
from sources.tryton.wire_intake import Amended

VALIDATED: Final = "validated"
_NO_MODULE: Final = "{} has begun to process the order, and changes it only by the module sale_amendment: see README."


class Amendments:
    """What was amended under a description, and amending."""

    def __init__(self, settings: Settings) -> None:
        """Without the module there are none."""
        self._settings = settings

    async def of(self, clerk: Clerk, sale: int, description: str) -> list[Amended]:
        """Every amendment of a sale under this description, carried out or not."""
        if not self._settings.amendments:
            return []
        named = clause("description", "=", description)
        return await clerk.find(AMENDMENTS, [sale], lambda run: every(clause("sale", "=", run[0]), named))

    def need(self, clerk: Clerk) -> None:
        """Raise Refused where the module is not there."""
        if not self._settings.amendments:
            sentence = _NO_MODULE.format(clerk.system)
            raise Refused(clerk.system, sentence, category=ProblemCategory.SYSTEM_REFUSED)

    async def draft(self, clerk: Clerk, sale: int, description: str, lines: Sequence[object]) -> Amended:
        """A new one, which changes nothing yet."""
        values = {"sale": sale, "description": description, "lines": [["create", list(lines)]]}
        return await clerk.enter(AMENDMENTS, values)

    async def validate(self, clerk: Clerk, draft: Amended) -> None:
        """Carry it out. Refused where Tryton does not, and then it is deleted."""
        try:
            await clerk.press(AMENDMENTS, draft.id, "validate_amendment")
        except Refused:
            await clerk.discard(AMENDMENT, draft.id)
            raise
