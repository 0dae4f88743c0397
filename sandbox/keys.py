"""Record keys and document numbers that look like those of real systems, each given once."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_POD = "5g0"
_FIRST_SERIAL = 30_000_000
_STEP = 7
_RANGES = {
    "order": 104_000,
    "delivery": 80_010_000,
    "billing": 90_010_000,
    "payment": 1_400_010_000,
    "customer": 10_100_000,
}
_APART = {"order": 100_000, "delivery": 500_000, "billing": 500_000, "payment": 500_000, "customer": 7_000_000}


def crm_key(prefix: str, serial: int) -> str:
    """The 18-character CRM id of the serial-th record with this prefix; its last three characters check the case."""
    number, digits = _FIRST_SERIAL + serial * _STEP, ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    key = f"{prefix}{_POD}{digits:0>9}"
    return key + "".join(_checked(key[start : start + 5]) for start in (0, 5, 10))


@lru_cache(maxsize=8192)
def _checked(five: str) -> str:
    return _SUFFIX[sum(1 << place for place, letter in enumerate(five) if "A" <= letter <= "Z")]


class Numbers:
    """Hands out keys and numbers; those of two ERP instances come from ranges that do not meet."""

    def __init__(self, instances: tuple[str, ...]) -> None:
        self._places = {instance: place for place, instance in enumerate(instances)}
        self._given: Counter[str] = Counter()

    def crm(self, prefix: str) -> str:
        """The next CRM key with this prefix."""
        self._given[prefix] += 1
        return crm_key(prefix, self._given[prefix])

    def count(self, kind: str) -> int:
        """The next running number of this kind: 1, 2, ..."""
        self._given[kind] += 1
        return self._given[kind]

    def document(self, kind: str, instance: str) -> str:
        """The next number of an order, delivery, billing, payment or customer in this ERP instance."""
        start = _RANGES[kind] + _APART[kind] * self._places[instance]
        return str(start + self.count(f"{kind}@{instance}"))
