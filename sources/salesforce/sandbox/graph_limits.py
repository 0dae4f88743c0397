"""How much one graph payload may hold (REST guide, "Composite Graph Limits")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from sources.salesforce.sandbox.errors import ApiError

MOST_NODES: Final = 500
MOST_GRAPHS: Final = 75
MOST_KINDS: Final = 15
DEEPEST: Final = 15
_NAMED: Final = re.compile(r"@\{(\w+)")
_ROWS: Final = re.compile(r".*/services/data/(v[\d.]+)/sobjects/(\w+)(?:/.*)?")


def refuse_beyond_limits(graphs: Sequence[Sequence[Mapping[str, object]]]) -> None:
    """LIMIT_EXCEEDED for too many graphs, nodes or kinds of nodes, or references too deep.

    INVALID_INPUT for a node that is no row.
    """
    nodes = [node for graph in graphs for node in graph]
    _within(len(graphs), MOST_GRAPHS, f"The request can't contain more than {MOST_GRAPHS} graphs.")
    _within(len(nodes), MOST_NODES, f"The request can't contain more than {MOST_NODES} nodes.")
    kinds = {_kind(node) for node in nodes}
    _within(len(kinds), MOST_KINDS, f"The request can't contain more than {MOST_KINDS} different kinds of nodes.")
    for graph in graphs:
        _within(_depth(graph), DEEPEST, f"A graph can't be deeper than {DEEPEST} levels.")


def _kind(node: Mapping[str, object]) -> tuple[str, ...]:
    found = _ROWS.fullmatch(str(node.get("url", "")).partition("?")[0])
    if found is None:
        raise ApiError(400, "INVALID_INPUT", "Only sObject row resources are supported in composite graph nodes.")
    return (str(node.get("method", "GET")).upper(), *found.groups())


def _depth(graph: Sequence[Mapping[str, object]]) -> int:
    depths: dict[str, int] = {}
    for node in graph:
        said = str(node.get("url", "")) + orjson.dumps(node.get("body")).decode()
        below = [depths.get(name, 0) for name in _NAMED.findall(said)]
        depths[str(node.get("referenceId"))] = 1 + max(below, default=0)
    return max(depths.values(), default=0)


def _within(count: int, most: int, message: str) -> None:
    if count > most:
        raise ApiError(400, "LIMIT_EXCEEDED", message)
