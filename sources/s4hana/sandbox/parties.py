"""Who takes part in a new sales order: functions left out are the sold-to party's, and each has its address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sources.s4hana.sandbox.deep import Values
from sources.s4hana.sandbox.model import EntitySet
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.values import Stored

FUNCTIONS: Final = {"SP": "AG", "SH": "WE", "BP": "RE", "PY": "RG"}
"""As this system shows them in English, and as it keeps them."""
PERSON: Final = "1"
_POSTAL: Final = ("StreetName", "HouseNumber", "CityName", "PostalCode", "Region", "Country")


def add_parties(store: Store, sets: Mapping[str, EntitySet], number: Stored, sold_to: Stored) -> None:
    """Add the functions that an order just inserted lacks; on newer releases also what they are inside and where."""
    partners, addresses = sets["A_SalesOrderHeaderPartner"], sets.get("A_SalesOrderPartnerAddress")
    of_order = equal("SalesOrder", number)
    taking = {row[0]: row[1] for row in store.select(partners, ["PartnerFunction", "Customer"], of_order)}
    for lacking in FUNCTIONS.keys() - taking.keys():
        store.insert(partners, {"SalesOrder": number, "PartnerFunction": lacking, "Customer": sold_to})
    if addresses is None:
        return
    all_of_them: dict[Stored, Stored] = {**dict.fromkeys(FUNCTIONS, sold_to), **taking}
    given = {row[0] for row in store.select(addresses, ["PartnerFunction"], of_order)}
    for function, customer in all_of_them.items():
        inside = FUNCTIONS.get(str(function), function)
        store.update(partners, {"PartnerFunctionInternalCode": inside}, of_order & equal("PartnerFunction", function))
        address = None if function in given else _address(store, customer)
        if address is not None:
            store.insert(addresses, {"SalesOrder": number, "PartnerFunction": function, **address})


def _address(store: Store, customer: Stored) -> Values | None:
    """The name and the standard address of a customer; None for one that is not kept here."""
    columns = ["BusinessPartner", "BusinessPartnerCategory", "BusinessPartnerFullName"]
    columns += ["OrganizationBPName1", "OrganizationBPName2"]
    found = store.select(store.sets["A_BusinessPartner"], columns, equal("Customer", customer), limit=1)
    if not found:
        return None
    partner, category, whole, first, second = found[0]
    name: Values = {"OrganizationName1": first, "OrganizationName2": second}
    if category == PERSON:
        name = {"AddresseeFullName": str(whole)[:80]}
    return {**name, **_postal(store, equal("BusinessPartner", partner))}


def _postal(store: Store, of_partner: Clause) -> Values:
    standard = equal("AddressUsage", "XXDEFAULT")
    used = store.select(store.sets["A_BuPaAddressUsage"], ["AddressID"], of_partner & standard, limit=1)
    where = of_partner & equal("AddressID", used[0][0]) if used else of_partner
    places = store.select(store.sets["A_BusinessPartnerAddress"], _POSTAL, where, '"AddressID"', limit=1)
    return dict(zip(_POSTAL, places[0], strict=True)) if places else {}
