"""The canonical fields that a question reads below a value, as an immutable tree."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import NamedTuple, TypeAlias

Tree: TypeAlias = "tuple[tuple[str, Tree | None], ...]"
"""Name and subtree pairs, sorted by name; None or () below a leaf. Plain tuples: the engine needs none of ours."""


class Wanted(NamedTuple):
    """Which fields are read, by canonical name; a name not in it was not asked for."""

    fields: tuple[tuple[str, Wanted | None], ...] = ()

    @staticmethod
    def of(*names: str) -> Wanted:
        """A tree from dotted names: `Wanted.of("number", "lines.sku", "lines.quantity")`."""
        tree = Wanted()
        for name in names:
            head, _, rest = name.partition(".")
            tree = tree | Wanted(((head, Wanted.of(rest) if rest else None),))
        return tree

    @staticmethod
    def from_tree(tree: Tree) -> Wanted:
        """The same tree, from plain nested tuples."""
        return Wanted(tuple((name, Wanted.from_tree(below) if below else None) for name, below in tree))

    def __contains__(self, name: object) -> bool:
        """Whether the field of this name is read."""
        return any(field == name for field, _ in self.fields)

    def any_of(self, *names: str) -> bool:
        """Whether at least one of these fields is read."""
        return any(field in names for field, _ in self.fields)

    def names(self) -> Iterator[str]:
        """The fields read at this level, in order of name."""
        return (name for name, _ in self.fields)

    def below(self, name: str) -> Wanted:
        """What is read below the field; empty where it is a leaf or not asked for."""
        return next((tree for field, tree in self.fields if field == name and tree), Wanted())

    def only(self, names: Container[str]) -> Wanted:
        """The same tree without the fields of this level that are not among the names."""
        return Wanted(tuple(pair for pair in self.fields if pair[0] in names))

    def __or__(self, other: Wanted) -> Wanted:
        """Everything that either of both reads."""
        merged: dict[str, Wanted | None] = dict(self.fields)
        for name, tree in other.fields:
            held = merged.get(name)
            merged[name] = held | tree if held and tree else held or tree
        return Wanted(tuple(sorted(merged.items(), key=lambda pair: pair[0])))
