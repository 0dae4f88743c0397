"""Orders in SAP as they stand: found by our references, and read for a change and after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from canonical.errors import Fault, OutcomeUnknown, ProblemCategory, Refused
from canonical.intake import OrderAcknowledgment
from sources.kit.call import Call
from sources.kit.http.ask import Answer
from sources.kit.odata.filters import either, eq, runs
from sources.kit.odata.payload import Collection, Entity
from sources.kit.odata.query import Query, Shape
from sources.s4hana.changing import ORDER_SET
from sources.s4hana.client import Decoder, S4Client
from sources.s4hana.faults import contract
from sources.s4hana.mapping_intake import to_acknowledgment
from sources.s4hana.messages import HEADER, Message, warnings_in
from sources.s4hana.reading import Reading, with_field
from sources.s4hana.services import ORDERS
from sources.s4hana.settings import Settings
from sources.s4hana.values import LONGEST_REFERENCE, is_document, unpadded
from sources.s4hana.wire_intake import WrittenOrder

PRICES: Final = tuple(
    f"to_Item/to_PricingElement/{name}" for name in ("PricingProcedureStep", "PricingProcedureCounter", "ConditionType")
)
DAYS: Final = ("to_Item/to_ScheduleLine/ScheduleLine",)
_HEAD: Final = (
    "SalesOrder",
    "SalesOrganization",
    "TransactionCurrency",
    "LastChangeDateTime",
    "OverallSDProcessStatus",
    "OverallSDDocumentRejectionSts",
    "TotalCreditCheckStatus",
)
_ITEM: Final = ("SalesOrderItem", "NetAmount", "SalesDocumentRjcnReason", "DeliveryStatus", "OrderRelatedBillingStatus")


class Standing:
    """Reads the orders that we write."""

    def __init__(self, client: S4Client, settings: Settings, reading: Callable[[], Reading]) -> None:
        """Read through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._reading = client, settings, reading
        self._carriers = [settings.reference_field, *filter(None, [settings.amendment_field])]
        row = WrittenOrder
        for field in self._carriers:
            row = with_field(row, field)
        self._rows: Decoder[WrittenOrder] = msgspec.json.Decoder(Collection[row])  # type: ignore[valid-type]
        self._row: msgspec.json.Decoder[Entity[WrittenOrder]] = msgspec.json.Decoder(
            Entity[row]  # type: ignore[valid-type]
        )

    async def find(self, call: Call, references: Sequence[str]) -> dict[str, list[OrderAcknowledgment]]:
        """The orders that carry these references, as booked or as last amended, by reference.

        Not narrowed to what the asker may see: an order that is not found is booked again.
        """
        plain = [reference for reference in dict.fromkeys(references) if 0 < len(reference) <= LONGEST_REFERENCE]
        conditions = [eq(field, reference) for field in self._carriers for reference in plain]
        queries = [Query(ORDER_SET, self._shape(), either(run), ("SalesOrder",)) for run in runs(conditions)]
        if not queries:
            return {}
        parts = await self._client.read(call, ORDERS, queries, self._rows)
        found: dict[str, list[OrderAcknowledgment]] = {}
        for row in {row.SalesOrder: row for part in parts for row in part}.values():
            for reference in plain:
                if any(self.carries(row, field, reference) for field in self._carriers):
                    found.setdefault(reference, []).append(self.told(row))
        return found

    async def existing(self, call: Call, key: str, *expanded: str) -> WrittenOrder:
        """The order of this key; Refused where there is none."""
        found = await self.one(call, key, *expanded)
        if found is None:
            sentence = f"There is no order {key!r} at {self._client.system}."
            raise Refused(self._client.system, sentence, category=ProblemCategory.CONFLICT)
        return found

    async def one(self, call: Call, key: str, *expanded: str) -> WrittenOrder | None:
        """The order of this key, and what else of its items is wanted; None where there is none."""
        if not is_document(key):
            return None
        query = Query(ORDER_SET, self._shape(*expanded), eq("SalesOrder", unpadded(key)))
        (rows,) = await self._client.read(call, ORDERS, [query], self._rows)
        return rows[0] if rows else None

    async def afterwards(
        self, call: Call, told: OrderAcknowledgment, warnings: Sequence[Message] = ()
    ) -> OrderAcknowledgment:
        """The order as it stands after a change; where it cannot be read, what is known of it without its version."""
        try:
            read = self.told(await self.existing(call, told.order.key), warnings)
        except Fault as fault:
            words = f"It was changed, but could not be read again: {fault.sentence}"
            return msgspec.structs.replace(told, version=None, warnings=(*told.warnings, words))
        return msgspec.structs.replace(read, warnings=tuple(dict.fromkeys((*told.warnings, *read.warnings))))

    def created(self, answer: Answer) -> WrittenOrder:
        """The order in the answer to its creation."""
        with self.unreadable_is_unknown():
            return self._row.decode(answer.content).d

    def told(
        self, row: WrittenOrder, warnings: Sequence[Message] = (), more: Sequence[str] = ()
    ) -> OrderAcknowledgment:
        """The order in our words."""
        with contract(self._client.system):
            return to_acknowledgment(row, self._reading(), warnings, more)

    def carries(self, row: WrittenOrder, field: str, reference: str) -> bool:
        """Whether the field holds the reference, in any case: some fields capitalise what is written into them."""
        return str(getattr(row, field) or "").casefold() == reference.casefold()

    @contextmanager
    def unreadable_is_unknown(self) -> Iterator[None]:
        """A good answer that cannot be read: something was booked, and is found again by its reference."""
        try:
            yield
        except ValueError as wrong:
            sentence = f"{self._client.system} booked something, and told of it in words that cannot be read."
            raise OutcomeUnknown(self._client.system, sentence, detail=str(wrong)[:200]) from wrong

    def _shape(self, *expanded: str) -> Shape:
        items = [*_ITEM, *filter(None, [self._settings.line_place_field])]
        return Shape.of(*_HEAD, *self._carriers, *(f"to_Item/{name}" for name in items), *expanded)


def warnings_of(*answers: Answer) -> list[Message]:
    """What answers that are successes warn of."""
    return [message for answer in answers for message in warnings_in(str(answer.headers.get(HEADER, "")))]
