"""Row authorisations: whose rows a caller may see. Others are left out without a word, as the real system does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sources.s4hana.sandbox.model import EntitySet
from sources.s4hana.sandbox.query.clause import Clause, one_of

# The header of each document, by the key property of its parts: set, key, what the header is judged by.
_HEADERS: Final = {
    "SalesOrder": ("A_SalesOrder", "SalesOrder", frozenset({"SalesOrganization"})),
    "DeliveryDocument": ("A_OutbDeliveryHeader", "DeliveryDocument", frozenset({"SalesOrganization"})),
    "SDDocument": ("A_OutbDeliveryHeader", "DeliveryDocument", frozenset({"SalesOrganization"})),
    "BillingDocument": ("A_BillingDocument", "BillingDocument", frozenset({"SalesOrganization", "CompanyCode"})),
}


@dataclass(frozen=True)
class Permissions:
    """Company codes and sales organizations that may be read; None is all of them."""

    company_codes: frozenset[str] | None = None
    sales_organizations: frozenset[str] | None = None


def visible(entity: EntitySet, permissions: Permissions) -> Clause:
    """The condition that rows of a set must meet to be seen; parts of a document go with its header."""
    judged = {"CompanyCode", "SalesOrganization"} & entity.by_name.keys()
    if judged:
        return _allowed(frozenset(judged), permissions)
    part = next((key.name for key in entity.keys if key.name in _HEADERS), None)
    if part is None:
        return Clause()
    header, column, judged_by = _HEADERS[part]
    inner = _allowed(judged_by, permissions)
    if inner == Clause():
        return inner
    sql = f'"{part}" IN (SELECT "{column}" FROM "{header}" WHERE {inner.sql})'
    return Clause(sql, inner.parameters)


def _allowed(judged: frozenset[str], permissions: Permissions) -> Clause:
    clause = Clause()
    if "CompanyCode" in judged and permissions.company_codes is not None:
        clause &= one_of("CompanyCode", sorted(permissions.company_codes))
    if "SalesOrganization" in judged and permissions.sales_organizations is not None:
        clause &= one_of("SalesOrganization", sorted(permissions.sales_organizations))
    return clause
