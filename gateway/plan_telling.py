"""A plan as programs are told it: `extensions.plan`, and `revgraph explain --json`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from canonical.wanted import Wanted
from engine.explain import Step, dotted
from gateway.planning import Plan
from resolvers.forecast import Line
from sources.kit.forecast import Calls

LARGEST_NUMBER = 2**53


def as_json(plan: Plan) -> dict[str, Any]:
    """`extensions.plan`: the levels, what each step asks of whom, and the sums beside their budgets."""
    told = list(zip(plan.steps, plan.lines, strict=True))
    levels = [
        {"level": level, "steps": [_step(plan, step, lines) for step, lines in held]}
        for level, held in groupby(told, key=lambda pair: pair[0].level)
    ]
    systems = [
        {"system": name, **_calls(calls), "budget": plan.budget_of(name)} for name, calls in plan.systems.items()
    ]
    over = [{"system": one.system, "budget": one.budget, "need": one.need} for one in plan.excesses()]
    return {
        "levels": levels,
        "systems": systems,
        **_calls(plan.calls),
        "budget": plan.landscape.budgets.operation,
        "exceeded": over,
    }


def _step(plan: Plan, step: Step, lines: Sequence[Line]) -> dict[str, Any]:
    return {
        "path": ".".join(step.place),
        "field": step.field,
        "parents": step.parents,
        "arguments": {name: _plain(value) for name, value in step.arguments.items()},
        "wanted": list(dotted(step.tree)),
        "asks": [_ask(plan, line) for line in shown(plan, step, lines)],
        "refused": str(step.failed) if step.failed else None,
    }


def _plain(value: Any) -> Any:
    """The value as JSON can hold it: a number that is too large for most readers is told as text."""
    if isinstance(value, dict):
        return {str(name): _plain(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_plain(held) for held in value]
    return str(value) if isinstance(value, int | float) and abs(value) > LARGEST_NUMBER else value


def _ask(plan: Plan, line: Line) -> dict[str, Any]:
    return {
        "system": line.ask.system,
        "what": what(line),
        "wanted": fields_of(line),
        **_calls(line.calls),
        "along": None if line.along is None else ".".join(plan.steps[line.along].place),
    }


def _calls(calls: Calls) -> dict[str, int]:
    return {"calls": calls.calls, "atMost": calls.most}


def what(line: Line) -> str:
    """What is asked, in words."""
    return " and ".join(dict.fromkeys(need.question.words for need in line.ask.needs))


def shown(plan: Plan, step: Step, lines: Sequence[Line]) -> list[Line]:
    """Without what asks nobody, and what goes along with another ask of the same step."""
    return [line for line in lines if (line.calls.most if line.along is None else plan.steps[line.along] is not step)]


def fields_of(line: Line) -> list[str]:
    """The fields that are asked for, dotted where nested, each once and sorted."""
    return sorted({name for need in line.ask.needs for name in _ends(need.wanted)})


def _ends(wanted: Wanted) -> Iterator[str]:
    for name in wanted.names():
        yield from [f"{name}.{end}" for end in _ends(wanted.below(name))] or [name]
