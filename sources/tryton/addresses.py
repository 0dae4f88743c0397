"""Addresses that a sale goes to: one that the customer has already, else a new one beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from canonical.customer import Address
from canonical.errors import ProblemCategory, Refused
from sources.tryton.clerk import Clerk, shape
from sources.tryton.domain import one_of, texts
from sources.tryton.mapping_masters import to_address
from sources.tryton.wire import Coded
from sources.tryton.wire_intake import Buyer, Place

_COUNTRIES: Final = shape("country.country", ("code",), Coded)
_REGIONS: Final = shape("country.subdivision", ("code",), Coded)
_PLACE: Final = shape("party.address", (), Place)
Use = Literal["invoice", "delivery"]


class Lands(Struct, frozen=True):
    """The ids of countries and their regions, by ISO code: 'US', 'US-OH'."""

    countries: Mapping[str, int]
    regions: Mapping[str, int]

    def values(self, address: Address) -> dict[str, object]:
        """An address as Tryton takes it; a region that Tryton does not know is left out."""
        region = f"{address.country}-{address.region}"
        return {
            "street_unstructured": address.street,
            "city": address.city,
            "postal_code": address.postal_code,
            "country": self.countries.get((address.country or "").upper()),
            "subdivision": self.regions.get(region.upper()),
        }


async def lands(clerk: Clerk, addresses: Iterable[Address]) -> Lands:
    """The countries and regions of these addresses; Refused where Tryton does not have a country."""
    held = list(addresses)
    wanted = texts({(address.country or "").upper() for address in held})
    countries = {row.code: row.id for row in await clerk.find(_COUNTRIES, wanted, _of_code) if row.code}
    for code in wanted:
        if code not in countries:
            sentence = f"{clerk.system} has no country {code!r}: its countries need to be loaded."
            raise Refused(clerk.system, sentence, category=ProblemCategory.INVALID_INPUT)
    regions = texts({f"{a.country}-{a.region}".upper() for a in held if a.country and a.region})
    found = {row.code: row.id for row in await clerk.find(_REGIONS, regions, _of_code) if row.code}
    return Lands(countries, found)


def default_place(buyer: Buyer, use: Use) -> int | None:
    """The customer's first address for this use, else its first: what Tryton's forms fill in."""
    held = sorted(buyer.addresses or (), key=_order)
    used = [place for place in held if (place.invoice if use == "invoice" else place.delivery)]
    return next((place.id for place in (*used, *held)), None)


def place_of(buyer: Buyer, address: Address) -> int | None:
    """The customer's address that says the same; None where it has none."""
    asked = _words(address)
    held = sorted(buyer.addresses or (), key=_order)
    return next((place.id for place in held if _says(_words(to_address(place)), asked)), None)


async def place_for(clerk: Clerk, buyer: Buyer, address: Address | None, use: Use) -> int:
    """The customer's own address, else a new one beside it, which is nobody's default.

    Asked once more it finds what it made by what that says. Refused where there is none to take.
    """
    held = default_place(buyer, use) if address is None else place_of(buyer, address)
    if held is not None:
        return held
    if address is None:
        sentence = f"The customer {buyer.code} has no address."
        raise Refused(clerk.system, sentence, category=ProblemCategory.CUSTOMER_MASTER)
    values = (await lands(clerk, [address])).values(address)
    return (await clerk.enter(_PLACE, {"party": buyer.id, **values})).id


def _order(place: Place) -> tuple[bool, int, int]:
    return (place.sequence is not None, place.sequence or 0, place.id)


def _words(address: Address | None) -> tuple[str, ...]:
    if address is None:
        return ()
    parts = (address.street, address.city, address.postal_code, address.country, address.region)
    return tuple(" ".join((part or "").split()).casefold() for part in parts)


def _says(held: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    """Whether they say the same; a region that one of them leaves out does not count."""
    return held[:-1] == asked[:-1] and (held[-1] == asked[-1] or not held[-1] or not asked[-1])


def _of_code(run: Sequence[str]) -> list[object]:
    return one_of("code", run)
