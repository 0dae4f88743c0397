"""Where in a question a value stands: as the graph spells it, and as what was meant by it is spelled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from canonical.integration_exception import CorrectableField
from canonical.problem import Problem

_INPUT = "input"
_BESIDE = frozenset(
    ("idempotency_key", "order", "reason", "expected_version", "id", "ids", "note", "owner", "corrections", _INPUT)
)
"""Arguments that stand beside the input; whatever else begins a path is a field of the input."""
_NAMES: Mapping[str, str] = {"add": "add_lines", "change": "change_lines", "remove": "remove_lines"}
_MEANT = {name: meant for meant, name in _NAMES.items()}


def of_problem(problem: Problem) -> list[str] | None:
    """The path of the value that a problem is about, from the field's argument on; None where it is about none."""
    return written(problem.field) if problem.field else None


def of_correctable(field: CorrectableField) -> list[str]:
    """The path under which a correction names the value."""
    return written(field.field)


def written(path: Sequence[str]) -> list[str]:
    """The path as the graph spells it: ("add", "0", "unit_price") is input, addLines, 0, unitPrice."""
    first = _NAMES.get(path[0], path[0])
    spelled = [_camel(name) for name in (first, *path[1:])]
    return spelled if path[0] in _BESIDE else [_INPUT, *spelled]


def meant(path: Sequence[str]) -> tuple[str, ...]:
    """The path of a value of an input, as what was meant by it is spelled; the other way round than `written`."""
    names = [_snake(name) for name in (path[1:] if path[:1] == [_INPUT] else path)]
    return (_MEANT.get(names[0], names[0]), *names[1:]) if names else ()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
