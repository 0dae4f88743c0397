"""Measures a parsed document against the limits in time linear in its text, before anything expensive looks at it.

Fragments are measured once and remembered, so a document whose fragments spread each other twice at every level costs
as much as it is long, although it stands for exponentially many fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one document may ask; tokens, directives and definitions are the text's, the rest as spread.

    `width` is for one level: validation compares the fields of a level with each other, in quadratic time.
    """

    tokens: int = 4_000
    depth: int = 24
    fields: int = 1_000
    root_fields: int = 30
    directives: int = 100
    width: int = 200
    definitions: int = 100


@dataclass(frozen=True, slots=True)
class Size:
    """How deep a selection nests, its fields in all, those at its top, and the most at any one level below."""

    depth: int = 0
    fields: int = 0
    top: int = 0
    width: int = 0


NOTHING = Size()


def excess(document: DocumentNode, limits: Limits) -> str | None:
    """What is too much about the document, in words; None when it is within the limits."""
    measure = _Measure(document)
    try:
        roots = [measure.operation(node) for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        sizes = [*roots, *(measure.fragment(name) for name in measure.fragments)]
    except RecursionError:
        return f"The query nests deeper than the {limits.depth} levels that are allowed."
    for what, counted, most in (
        ("nests {} levels deep", max((size.depth for size in sizes), default=0), limits.depth),
        ("asks for {} fields", max((size.fields for size in sizes), default=0), limits.fields),
        ("asks for {} fields at its top", max((size.top for size in roots), default=0), limits.root_fields),
        ("asks for {} fields at one level", max((size.width for size in sizes), default=0), limits.width),
        ("has {} operations and fragments", len(document.definitions), limits.definitions),
        ("has {} directives", measure.directives, limits.directives),
    ):
        if counted > most:
            shown = str(counted) if counted < 1_000_000 else "millions of"  # noqa: PLR2004
            return f"The query {what.format(shown)}; {most} are allowed. Ask for less, or in several queries."
    return None


class _Measure:
    """One walk over a document; a fragment inside itself counts nothing, since validation refuses it anyway."""

    def __init__(self, document: DocumentNode) -> None:
        self.directives = 0
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, Size] = {}

    def operation(self, node: OperationDefinitionNode) -> Size:
        self.directives += len(node.directives or ())
        for defined in node.variable_definitions or ():
            self.directives += len(defined.directives or ())
        return self._selection(node.selection_set)

    def fragment(self, name: str) -> Size:
        known = self._known.get(name)
        if known is None:
            node = self.fragments.get(name)
            self._known[name] = NOTHING
            if node is None:
                return NOTHING
            self.directives += len(node.directives or ())
            known = self._known[name] = self._selection(node.selection_set)
        return known

    def _selection(self, selection: SelectionSetNode) -> Size:
        depth = fields = top = width = 0
        for node in selection.selections:
            self.directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                below = self._selection(node.selection_set) if node.selection_set else NOTHING
                size = Size(below.depth + 1, below.fields + 1, 1, below.width)
            elif isinstance(node, FragmentSpreadNode):
                size = self.fragment(node.name.value)
            else:
                size = self._selection(node.selection_set)  # type: ignore[attr-defined]  # an inline fragment
            depth, width = max(depth, size.depth), max(width, size.width)
            fields, top = fields + size.fields, top + size.top
        return Size(depth, fields, top, max(width, top))
