"""Which of Tryton's kinds of tax number a number is: by its own prefix, or the country that it is billed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_UNION: Final = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905 - a list
)
_KINDS: Final = {"US": "us_ein", "AU": "au_abn", "BR": "br_cnpj", "CA": "ca_bn", "JP": "jp_cn", "SG": "sg_uen"}
_GREECE: Final = {"GR": "EL"}
"""The only member whose numbers begin otherwise than its country's code."""


def tax_identifier(number: str, country: str | None, kinds: Mapping[str, str]) -> tuple[str | None, str]:
    """Tryton's kind and the number as that is written; `kinds` go before. Without a country it is a plain number."""
    land, code = (country or "").upper(), number.strip()
    if land in kinds:
        return kinds[land], code
    if land in _UNION:
        prefix = _GREECE.get(land, land)
        return "eu_vat", code if code[:2].isalpha() else f"{prefix}{code}"
    if land in _KINDS:
        return _KINDS[land], code
    return (f"{land.lower()}_vat" if land else None), code
