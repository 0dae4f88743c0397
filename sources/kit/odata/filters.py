"""`$filter` conditions as text: comparisons, and chains of them that stay inside a URL's limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sources.kit.odata.literals import encoded, text

MOST_KEYS = 60
LONGEST = 6000
"""Encoded characters of one chain: servers and proxies in front of them commonly refuse lines over 8 KB."""


def eq(field: str, value: str) -> str:
    """The field equals this string."""
    return f"{field} eq {text(value)}"


def holds(field: str, part: str) -> str:
    """The field contains this text, in version 2's words."""
    return f"substringof({text(part)},{field})"


def holds_v4(field: str, part: str) -> str:
    """The field contains this text, in version 4's words."""
    return f"contains({field},{text(part)})"


def either(conditions: Iterable[str]) -> str:
    """At least one holds; in brackets where there are several. ValueError for none: that would match nothing."""
    held = list(dict.fromkeys(conditions))
    if not held:
        raise ValueError("no condition to choose from")
    return held[0] if len(held) == 1 else f"({' or '.join(held)})"


def every(*conditions: str | None) -> str | None:
    """All that are given hold; None where none is given."""
    held = [condition for condition in conditions if condition]
    return " and ".join(held) or None


def one_of(field: str, values: Iterable[str]) -> str:
    """The field equals one of these strings."""
    return either(eq(field, value) for value in values)


def behind(fields: Sequence[str], values: Sequence[str]) -> str | None:
    """What comes behind a row of these values when sorted by these fields; None where no row is given."""
    pairs = list(zip(fields, values, strict=False))
    steps = [" and ".join([*(eq(*pair) for pair in pairs[:place]), gt(*pairs[place])]) for place in range(len(pairs))]
    return either(step if place == 0 else f"({step})" for place, step in enumerate(steps)) if steps else None


def gt(field: str, value: str) -> str:
    """The field is greater than this string."""
    return f"{field} gt {text(value)}"


def runs(conditions: Sequence[str], most: int = MOST_KEYS, longest: int = LONGEST) -> list[list[str]]:
    """The conditions in runs that fit one URL each as an or-chain, in order, without repetition."""
    result: list[list[str]] = []
    size = 0
    for condition in dict.fromkeys(conditions):
        length = len(encoded(condition)) + len("%20or%20")
        if not result or len(result[-1]) >= most or size + length > longest:
            result.append([])
            size = 0
        result[-1].append(condition)
        size += length
    return result
