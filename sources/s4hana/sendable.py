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
Path: TypeAlias = tuple[str, ...]
"""Where in the input a value stands."""

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

    def refused(
        self, sentence: str, category: ProblemCategory = ProblemCategory.INVALID_INPUT, at: Path = ()
    ) -> Refused:
        """Our own no: the system was not asked. `at` is the value of the input that it is about."""
        return Refused(self._system, sentence, category=category, field=at)

    def held(self, field: str, value: str, what: str, at: Path = ()) -> Body:
        """The value in a configured field; Refused where no field is configured, or it is too short for it."""
        if not field:
            sentence = f"{self._system} has no field configured for {what}: it would be lost."
            raise self.refused(sentence, ProblemCategory.ROUTING, at)
        most = LENGTHS.get(field, len(value))
        if len(value) > most:
            sentence = f"{field} at {self._system} is too short for {what}: {value!r} has more than {most} characters."
            raise self.refused(sentence, at=at)
        return {field: value}

    def quantity(self, value: Decimal, at: Path = ()) -> str:
        """A quantity of up to three decimals, above zero."""
        if value <= 0:
            raise self.refused(f"A line of {value} units cannot be ordered.", at=at)
        return self._decimal(value, _QUANTITY_DIGITS, "A quantity", at)

    def rate(self, value: Decimal, at: Path = ()) -> str:
        """A price a unit or a percentage, of up to nine decimals."""
        return self._decimal(value, _RATE_DIGITS, "A price", at)

    def postal(self, address: Address, at: Path = ()) -> Body:
        """An address; a second line of the street goes where SAP prints it behind the first."""
        street, _, further = (address.street or "").strip().partition("\n")
        body = {
            "StreetName": self._within(street.strip(), _STREET, "The street", below(at, "street")),
            "StreetSuffixName": self._within(
                " ".join(further.split()), _CITY, "The street's further lines", below(at, "street")
            ),
            "CityName": self._within(address.city or "", _CITY, "The city", below(at, "city")),
            "PostalCode": self._within(
                address.postal_code or "", _POSTAL_CODE, "The postal code", below(at, "postal_code")
            ),
            "Region": self._region(address.region or "", below(at, "region")),
            "Country": self._within(address.country or "", _REGION, "The country's code", below(at, "country")),
        }
        return {name: value for name, value in body.items() if value}

    def _region(self, region: str, at: Path) -> str:
        code = self._settings.regions.get(region, region)
        if len(code) > _REGION:
            sentence = f"{self._system} knows the region {region!r} by a code only (setting regions)."
            raise self.refused(sentence, at=at)
        return code

    def _within(self, value: str, most: int, what: str, at: Path) -> str:
        if len(value) > most:
            sentence = f"{what} is longer than the {most} characters that {self._system} takes: {value!r}."
            raise self.refused(sentence, at=at)
        return value

    def _decimal(self, value: Decimal, digits: int, what: str, at: Path) -> str:
        if not value.is_finite() or value != value.quantize(Decimal(1).scaleb(-digits)):
            sentence = f"{what} of {value} has more than the {digits} decimals that {self._system} takes."
            raise self.refused(sentence, at=at)
        return f"{value.normalize():f}"


def below(at: Path, name: str) -> Path:
    """The path of a value within another; none where the other's is not known."""
    return (*at, name) if at else ()
