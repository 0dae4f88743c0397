"""How an org is told what became of its orders and customers in the ERPs: look, and write what it does not say yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from canonical.errors import ProblemCategory, Refused
from canonical.intake import WriteBack
from sources.kit.call import Call
from sources.salesforce.client import Org
from sources.salesforce.mapping_written import changes_of, with_numbers
from sources.salesforce.standing import Standing
from sources.salesforce.values import sent
from sources.salesforce.writing import MOST_RECORDS, Change, Writing

_OPERATION: Final = "write back to Order"


class WritingBack:
    """Writes numbers and words onto records that are there.

    What is read there already is not sent. What is sent sets fields to what is told, whatever they held: the same words
    once more change nothing.
    """

    def __init__(self, org: Org, writing: Writing, standing: Standing, system: str) -> None:
        """Keep the ways to look and to write."""
        self._org = org
        self._writing = writing
        self._standing = standing
        self._system = system

    async def tell_order(self, call: Call, told: WriteBack) -> None:
        """Lines first, the order last: all or none where they are at most 200 records, which one call holds."""
        self._writing.refuse_where_read_only()
        (rows,) = await self._org.query(call, [self._standing.order_of(told)], self._standing.orders, fresh=True)
        if not rows:
            raise self._gone("order")
        changes = changes_of(rows[0], told, self._standing.settings)
        for start in range(0, len(changes), MOST_RECORDS):
            await self._writing.change_all(call, changes[start : start + MOST_RECORDS], _OPERATION)

    async def tell_account(self, call: Call, key: str, numbers: Sequence[str]) -> None:
        """Add numbers to those that the account carries, unless somebody else changed it after we looked.

        Salesforce compares to the second: of two that add within the same second the later may win.
        """
        self._writing.refuse_where_read_only()
        select = self._standing.account_of(key)
        (rows,) = await self._org.query(call, [select], self._standing.accounts, fresh=True)
        if not rows:
            raise self._gone("account")
        account = rows[0]
        text = with_numbers(sent(account.erp_numbers), numbers)
        if text is not None:
            change = Change("Account", account.id, {self._standing.settings.erp_customer_number_field: text})
            at = account.last_modified_date
            await self._writing.change(call, change, "write back to Account", "write", unmodified_since=at)

    def _gone(self, what: str) -> Refused:
        sentence = f"The {what} is no longer in {self._system}, or our user may not see it."
        return Refused(self._system, sentence, category=ProblemCategory.CONFLICT)
