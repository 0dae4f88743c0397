"""What the system itself adds to a new business partner."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from sources.s4hana.sandbox.deep import Body, Values
from sources.s4hana.sandbox.model import EntitySet, Kind
from sources.s4hana.sandbox.values import DAY_MS, micros

_FOREVER: Final = micros(datetime(9999, 12, 31, tzinfo=UTC))


def complete_partner(entity: EntitySet, values: Values, body: Body, now: datetime) -> None:
    """Names, dates, a UUID, and the customer number: this system gives it the partner's own number."""
    if "ValidityEndDate" in entity.by_name and entity.by_name["ValidityEndDate"].kind is Kind.MOMENT:
        values.setdefault("ValidityEndDate", _FOREVER)
    if entity.name != "A_BusinessPartner":
        return
    person = f"{values.get('FirstName', '')} {values.get('LastName', '')}".strip()
    parts = (values.get(f"OrganizationBPName{place}") for place in range(1, 5))
    name = " ".join(str(part) for part in parts if part) or person
    values["BusinessPartnerFullName"] = values["BusinessPartnerName"] = name
    values["BusinessPartnerUUID"] = str(uuid4())
    values["CreationDate"] = values["LastChangeDate"] = micros(now) // 1000 // DAY_MS * DAY_MS
    if "to_Customer" in body:
        values["Customer"] = values["BusinessPartner"]
