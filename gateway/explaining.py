"""Explains an operation without executing it: which calls its systems would get, and for what."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from graphql import GraphQLError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from canonical.principal import Principal, View
from engine.documents import Documents, WrongDocumentError
from engine.explain import Step
from gateway.execution import new_call
from gateway.plan_telling import fields_of, shown, what
from gateway.planning import Plan, Planner
from gateway.request import RefusedError
from gateway.settings import Settings
from gateway.wiring import limits_of, the_loom, the_schema
from resolvers.access import SCOPES
from resolvers.context import Context
from resolvers.forecast import Line
from sources.catalog import Sources, forecaster
from sources.kit.call import Call
from sources.kit.forecast import Calls
from sources.landscape_file import read_landscape


class CannotExplainError(Exception):
    """An operation that cannot be planned; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation as somebody wrote it down."""

    text: str
    operation_name: str | None
    variables: Mapping[str, Any]


def read(file: Path, variables: str, operation_name: str | None) -> Asked:
    """The operation of a file (- is stdin), with variables that are JSON or stand in a file behind an @."""
    given = _text(Path(variables[1:])) if variables.startswith("@") else variables
    try:
        values = json.loads(given)
    except ValueError as error:
        raise CannotExplainError(f"The variables are not JSON: {error}.") from error
    if not isinstance(values, dict):
        raise CannotExplainError('The variables must be a JSON object, such as {"first": 50}.')
    return Asked(_text(file), operation_name, values)


def explain(settings: Settings, asked: Asked) -> Plan:
    """The plan of an operation for somebody who may see everything; no system is opened, let alone asked."""
    if not settings.landscape.exists():
        raise CannotExplainError(
            f"There is no landscape file {settings.landscape}, so it is not known which systems there are. Name yours"
            " with --landscape; revgraph.example.toml is one to begin with, and `revgraph sandbox` writes another."
        )
    landscape = read_landscape(settings.landscape, {}, credentials=False)
    schema = the_schema()
    loom = the_loom(settings, schema)
    caller = Principal("explain", landscape.tenant, "revgraph explain", frozenset(SCOPES))

    def new_context(call: Call) -> Context:
        return Context(landscape, Sources({}), call)

    planner = Planner(loom, landscape, forecaster(landscape), new_context)
    call = new_call(caller, View(), settings.deadline_seconds, "explain")
    try:
        operation = Documents(schema, limits_of(settings)).operation(asked.text, asked.operation_name)
        return planner.plan(operation, asked.variables, call)
    except WrongDocumentError as error:
        raise CannotExplainError("\n".join(map(_said_of, error.errors))) from error
    except RefusedError as error:
        raise CannotExplainError(str(error)) from error


def _text(path: Path) -> str:
    try:
        return sys.stdin.read() if path == Path("-") else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise CannotExplainError(f"{path} cannot be read: {reason}.") from error


def _said_of(error: GraphQLError) -> str:
    places = ", ".join(f"line {place.line}, column {place.column}" for place in error.locations or ())
    return f"{places}: {error.message}" if places else error.message


def show(plan: Plan, name: str, console: Console | None = None) -> None:
    """The plan for people: a tree of its levels, a table of the systems, and the budgets that do not suffice."""
    console = console or Console()
    tree = Tree(f"[bold]{escape(name)}[/bold]")
    for level, held in groupby(zip(plan.steps, plan.lines, strict=True), key=lambda pair: pair[0].level):
        branch = tree.add(f"level {level}")
        for step, lines in held:
            _grow(branch, plan, step, lines)
    console.print(tree)
    console.print(_sums(plan))
    for excess in plan.excesses():
        console.print(f"[red]Over budget:[/red] {escape(str(excess))}")


def _grow(branch: Tree, plan: Plan, step: Step, lines: Sequence[Line]) -> None:
    arguments = ", ".join(f"{name}: {value!r}" for name, value in step.arguments.items())
    many = f" of up to {step.parents}" if step.parents > 1 else ""
    twig = branch.add(
        f"[bold]{escape('.'.join(step.place))}[/bold]{escape(f'({arguments})' if arguments else '')}"
        f" [dim]{escape(step.field)}{many}[/dim]"
    )
    if step.failed:
        twig.add(f"[yellow]asks nobody: {escape(str(step.failed))}[/yellow]")
    for line in shown(plan, step, lines):
        twig.add(_said(plan, line))


def _said(plan: Plan, line: Line) -> str:
    asked = f"{escape(line.ask.system)}: {what(line)}"
    if line.along is not None:
        return f"[dim]{asked}, along with {escape('.'.join(plan.steps[line.along].place))}[/dim]"
    names = ", ".join(fields_of(line))
    return f"{asked}: {_count(line.calls)}{f' [dim]({escape(names)})[/dim]' if names else ''}"


def _count(calls: Calls) -> str:
    words = f"{calls.calls} call{'s' if calls.calls != 1 else ''}" if calls.calls else "none as a rule"
    return words if calls.most == calls.calls else f"{words}, at most {calls.most}"


def _sums(plan: Plan) -> Table:
    table = Table()
    for heading in ("system", "calls", "at most", "budget"):
        table.add_column(heading)
    rows = [(name, calls, plan.budget_of(name)) for name, calls in plan.systems.items()]
    for name, calls, budget in (*rows, ("all together", plan.calls, plan.landscape.budgets.operation)):
        table.add_row(escape(name), str(calls.calls), str(calls.most), "-" if budget is None else str(budget))
    return table
