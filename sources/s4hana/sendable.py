"""Values as SAP takes them, and our refusal of those that it could not hold: nothing is lost in silence."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, TypeAlias

from canonical.customer import Address
from canonical.errors import ProblemCategory, Refused
from sources.s4hana.settings import Settings
from sources.s4hana.settings_intake import LENGTHS

Body: TypeAlias = dict[str, object]
"""What is sent of one record, by SAP's names of its fields."""

_QUANTITY_DIGITS: Final = 3
_RATE_DIGITS: Final = 9
_STREET: Final = 60
_CITY: Final = 40
_POSTAL_CODE: Final = 10
_REGION: Final = 3


class Sendable:
    """Values for one system."""

    def __init__(self, system: str, settings: Settings) -> None:
        self._system, self._settings = system, settings

    def refused(self, sentence: str, category: ProblemCategory = ProblemCategory.INVALID_INPUT) -> Refused:
        """Our own no: the system was not asked."""
        return Refused(self._system, sentence, category=category)

    def held(self, field: str, value: str, what: str) -> Body:
        """The value in a configured field; Refused where no field is configured, or it is too short for it."""
        if not field:
            sentence = f"{self._system} has no field configured for {what}: it would be lost."
            raise self.refused(sentence, ProblemCategory.ROUTING)
        if len(value) > LENGTHS.get(field, len(value)):
            raise self.refused(f"{field} at {self._system} is too short for {what}: {value!r}.")
        return {field: value}

    def quantity(self, value: Decimal) -> str:
        """A quantity of up to three decimals, above zero."""
        if value <= 0:
            raise self.refused(f"A line of {value} units cannot be ordered.")
        return self._decimal(value, _QUANTITY_DIGITS, "A quantity")

    def rate(self, value: Decimal) -> str:
        """A price a unit or a percentage, of up to nine decimals."""
        return self._decimal(value, _RATE_DIGITS, "A price")

    def postal(self, address: Address) -> Body:
        """An address; a second line of the street goes where SAP prints it behind the first."""
        street, _, further = (address.street or "").strip().partition("\n")
        body = {
            "StreetName": self._within(street.strip(), _STREET, "The street"),
            "StreetSuffixName": self._within(" ".join(further.split()), _CITY, "The street's further lines"),
            "CityName": self._within(address.city or "", _CITY, "The city"),
            "PostalCode": self._within(address.postal_code or "", _POSTAL_CODE, "The postal code"),
            "Region": self._region(address.region or ""),
            "Country": self._within(address.country or "", _REGION, "The country's code"),
        }
        return {name: value for name, value in body.items() if value}

    def _region(self, region: str) -> str:
        code = self._settings.regions.get(region, region)
        if len(code) > _REGION:
            raise self.refused(f"{self._system} knows the region {region!r} by a code only (setting regions).")
        return code

    def _within(self, value: str, most: int, what: str) -> str:
        if len(value) > most:
            raise self.refused(f"{what} is longer than the {most} characters that {self._system} takes: {value!r}.")
        return value

    def _decimal(self, value: Decimal, digits: int, what: str) -> str:
        if not value.is_finite() or value != value.quantize(Decimal(1).scaleb(-digits)):
            raise self.refused(f"{what} of {value} has more than the {digits} decimals that {self._system} takes.")
        return f"{value.normalize():f}"
