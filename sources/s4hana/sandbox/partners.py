"""What the system itself adds to a new business partner."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sources.s4hana.sandbox.deep import Body, Values
from sources.s4hana.sandbox.model import EntitySet
from sources.s4hana.sandbox.values import DAY_MS, micros


def complete_partner(entity: EntitySet, values: Values, body: Body, now: datetime) -> None:
    """Names, dates, a UUID, and the customer number: this system gives it the partner's own number."""
    if entity.name != "A_BusinessPartner":
        return
    person = f"{values.get('FirstName', '')} {values.get('LastName', '')}".strip()
    parts = (values.get("OrganizationBPName1"), values.get("OrganizationBPName2"))
    name = " ".join(str(part) for part in parts if part) or person
    values["BusinessPartnerFullName"] = values["BusinessPartnerName"] = name
    values["BusinessPartnerUUID"] = str(uuid4())
    values["CreationDate"] = values["LastChangeDate"] = micros(now) // 1000 // DAY_MS * DAY_MS
    if "to_Customer" in body:
        values["Customer"] = values["BusinessPartner"]
