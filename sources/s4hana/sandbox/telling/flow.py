"""Document flow: which documents followed an order and its items."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from sources.s4hana.sandbox.telling.part import Part

_FLOWS = UUID(int=0x42010AEF4C841EDF8000000000000000)


class Flow:
    """Collects what followed what; a document is named once for the order and once for each item.

    Each relation has the same id whenever it is told.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
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
                {"SalesOrder": order, "DocRelationshipUUID": uuid5(_FLOWS, f"{order}/{document}"), **follows, **day}
            )
        one = uuid5(_FLOWS, f"{order}/{line}/{document}/{item}")
        self._part.rows["A_SalesOrderItmSubsqntProcFlow"].append(
            {"SalesOrder": order, "SalesOrderItem": str(line), "DocRelationshipUUID": one, **follows, **day}
            | {"SubsequentDocumentItem": str(item), "SubsqntDocItmPrecdgDocument": order}
            | {"SubsqntDocItmPrecdgDocItem": str(line), "SubsqntDocItmPrecdgDocCategory": "C"}
        )
