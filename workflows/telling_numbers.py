"""How a CRM is told by what numbers an ERP knows its customer: only by such as can mean nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from canonical.absence import known
from canonical.customer import CustomerRecord
from canonical.errors import ProblemCategory, Refused
from canonical.joining import Naming, crm_key_of
from canonical.wanted import Wanted
from sources.intake import CustomerWriteBack
from sources.kit.call import Call
from sources.ports import CustomerSource, Lookup
from workflows.effects import Effect
from workflows.workshop import Workshop


class AccountTold(Struct, frozen=True):
    """By what numbers an ERP knows a customer of the CRM."""

    crm_key: str
    erp: str
    numbers: tuple[str, ...]


class Told(Struct, frozen=True):
    """The CRM has been told."""


class Repeatable:
    """What its port lets us ask for again and again: to ask again is to look."""

    settle_seconds = 0.0

    async def look(self, call: Call) -> None:
        """Nothing to look up."""


@dataclass(frozen=True, slots=True)
class TellingNumbers(Repeatable):
    """The CRM's customer carries an ERP's number too; the same numbers again change nothing there."""

    crm: CustomerWriteBack
    naming: Naming
    others: Sequence[CustomerSource]
    told: AccountTold

    async def act(self, call: Call) -> Told:
        """Tell it.

        Refused where another ERP gives one of the numbers to a customer that names nobody of the CRM: a number in the
        CRM says not whose it is, and that customer would be taken for this one from then on.
        """
        for books in self.others:
            lookup = Lookup(keys=self.told.numbers, numbers=self.told.numbers)
            for record in await books.fetch_customers(call, lookup, Wanted.of("number")):
                if self._is_strange(record):
                    raise self._mixed_up(record)
        await self.crm.write_back_customer(call, self.told.crm_key, self.told.numbers)
        return Told()

    def _is_strange(self, record: CustomerRecord) -> bool:
        numbered = {record.ref.key, known(record.number)} & set(self.told.numbers)
        return bool(numbered) and crm_key_of(record, self.naming) is None

    def _mixed_up(self, record: CustomerRecord) -> Refused:
        number, other = known(record.number) or record.ref.key, record.ref.system
        sentence = (
            f"{self.told.erp} calls the customer {number}, and {other} calls another one so, who names none of the "
            "CRM's: the number is not written to the CRM, since both would be taken for one."
        )
        return Refused(self.crm.name, sentence, category=ProblemCategory.CONFLICT)


def telling_account(shop: Workshop, effect: Effect) -> TellingNumbers:
    """How this effect is done; a Mistake where the CRM is not set up for it."""
    told = effect.read_request(AccountTold)
    readers = (shop.systems.get(name, CustomerSource) for name in shop.landscape.erps if name != told.erp)
    return TellingNumbers(
        shop.system(effect.system, CustomerWriteBack, "be told of customers' numbers"),
        shop.system(effect.system, CustomerSource, "read customers").named_customer,
        [reader for reader in readers if reader],
        told,
    )
