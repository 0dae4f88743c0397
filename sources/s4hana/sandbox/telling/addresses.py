"""How this system keeps a customer's name and address: a name of up to forty characters and one that goes on."""

from __future__ import annotations

import re

from sources.kit.sandbox.story import Place
from sources.s4hana.sandbox.telling.part import Row

_NUMBER = re.compile(r"^(?P<before>\d+) (?P<street>.+)$|^(?P<name>.+) (?P<after>\d+)$")
_REGION_LENGTH = 3
_NAME_LENGTH = 40


def halves(name: str) -> tuple[str, str]:
    """The two parts that a name is kept in, cut between words; "" for the second where the first holds it all."""
    if len(name) <= _NAME_LENGTH:
        return name, ""
    between = name.rfind(" ", 0, _NAME_LENGTH + 1)
    cut = between if between > 0 else _NAME_LENGTH
    return name[:cut], name[cut:].strip()[:_NAME_LENGTH]


def postal(place: Place) -> Row:
    """The fields that every postal address has, wherever it is kept."""
    found = _NUMBER.match(place.street)
    street = (found["street"] or found["name"]) if found else place.street
    house = (found["before"] or found["after"]) if found else ""
    return {
        "StreetName": street,
        "HouseNumber": house,
        "CityName": place.city,
        "PostalCode": place.postal_code,
        "Region": place.region if len(place.region) <= _REGION_LENGTH else "",
        "Country": place.country,
    }
