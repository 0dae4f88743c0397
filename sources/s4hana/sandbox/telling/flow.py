"""Document flow: which documents followed an order and its items."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sources.s4hana.sandbox.telling.part import Part

_FIRST = 0x42010AEF4C841EDF8000000000000000


class Flow:
    """Collects what followed what; a document is named once for the order and once for each item."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._count = 0
        self._known: set[tuple[str, str]] = set()

    def followed(
        self, order: str, line: int, document: str, item: int, category: str, at: datetime, *, level: int
    ) -> None:
        """An item of a later document followed a line; the category is its letter (J, T, M, N, O)."""
        day = {"CreationDate": at.date(), "CreationTime": at.time().replace(microsecond=0), "LastChangeDate": at.date()}
        follows = {"SubsequentDocument": document, "SubsequentDocumentCategory": category}
        follows["ProcessFlowLevel"] = str(level)
        if (order, document) not in self._known:
            self._known.add((order, document))
            self._part.rows["A_SalesOrderSubsqntProcFlow"].append(
                {"SalesOrder": order, "DocRelationshipUUID": self._uuid(), **follows, **day}
            )
        self._part.rows["A_SalesOrderItmSubsqntProcFlow"].append(
            {"SalesOrder": order, "SalesOrderItem": str(line), "DocRelationshipUUID": self._uuid(), **follows, **day}
            | {"SubsequentDocumentItem": str(item), "SubsqntDocItmPrecdgDocument": order}
            | {"SubsqntDocItmPrecdgDocItem": str(line), "SubsqntDocItmPrecdgDocCategory": "C"}
        )

    def _uuid(self) -> UUID:
        self._count += 1
        return UUID(int=_FIRST + self._count)
