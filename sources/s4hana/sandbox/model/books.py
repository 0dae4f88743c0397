"""What the pretend company keeps in its own tables and no service publishes: price list and tax rates."""

from __future__ import annotations

from typing import Final

from sources.s4hana.sandbox.model.edm import Service
from sources.s4hana.sandbox.model.notation import entity

BOOKS: Final = Service(
    "BOOKS",
    "0001",
    (
        entity("PRICE_LIST", "Material:a40* ConditionCurrency:t5* ConditionRateValue:d24.9"),
        entity("TAX_RATE", "SalesOrganization:t4* Country:t3* ConditionRateValue:d24.9"),
    ),
)
