"""What a sales order tells of the customer it was sold to: its name and its address, as they stand on the order."""

from __future__ import annotations

from typing import Final

from canonical.absence import UNSET, Told
from canonical.customer import Address, CustomerRecord
from canonical.wanted import Wanted
from sources.s4hana.reading import CUSTOMER, Asked, Reading
from sources.s4hana.values import number, told
from sources.s4hana.wire import OrderAddress, PostalAddress, SalesOrder

SOLD_TO: Final = "AG"
"""PartnerFunctionInternalCode of the sold-to party; PartnerFunction itself is in the language of the answer."""


def sold_to(row: SalesOrder, reading: Reading, wanted: Wanted) -> Told[CustomerRecord]:
    """The customer of an order as far as the order holds it; UNSET where it does not, or where it is a person.

    `wanted` is what is read of the customer. Which record of the CRM it is, an order does not say.
    """
    key, address = number(row.SoldToParty), _address(row)
    if key is None or address is None or address.AddresseeFullName or not address.OrganizationName1:
        return UNSET
    asked = Asked(wanted)
    return CustomerRecord(
        ref=reading.ref(key),
        reference=reading.reference(CUSTOMER, key),
        stamp=reading.stamp(CUSTOMER, key),
        number=key,
        name=" ".join(part for part in (address.OrganizationName1, address.OrganizationName2) if part),
        parent_key=asked(None, "parent_key"),
        billing_address=to_address(address) if "billing_address" in wanted else UNSET,
    )


def _address(row: SalesOrder) -> OrderAddress | None:
    """In the script of the country: versions for other scripts have a letter."""
    parties = (partner for partner in row.to_Partner.results if partner.PartnerFunctionInternalCode == SOLD_TO)
    addresses = (address for partner in parties for address in partner.to_Address.results)
    return next((address for address in addresses if not address.AddressRepresentationCode), None)


def to_address(row: PostalAddress) -> Address:
    """A postal address; the house number behind the street."""
    street = " ".join(part for part in (row.StreetName, row.HouseNumber) if part)
    return Address(
        street=street or None,
        city=told(row.CityName),
        postal_code=told(row.PostalCode),
        region=told(row.Region),
        country=told(row.Country),
    )
