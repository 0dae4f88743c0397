"""Names in the answer that fields may share: the rule of overlapping fields, kept while the text is written."""

from __future__ import annotations

from itertools import chain, count
from typing import TypeAlias

from graphql import GraphQLNamedType, GraphQLOutputType, get_named_type, is_composite_type, is_object_type

from tests.engine.proof.choosing import Choosing

# Words that mean something to whoever writes Python out of a plan, beside some that mean nothing.
_ALIASES = ("a", "b", "c", "id", "None", "def", "o", "v", "r0", "I0", "__class__", "self")

_Holder: TypeAlias = tuple[GraphQLNamedType, str, GraphQLOutputType]
"""A field's parent, its name with its arguments, and its type."""


class ResponseKeys:
    """Who has which key, in the whole operation; where two places could be one, they have to agree."""

    def __init__(self, choosing: Choosing) -> None:
        self._choosing = choosing
        self._taken: dict[str, list[_Holder]] = {}

    def key(self, parent: GraphQLNamedType, field: str, arguments: str, kind: GraphQLOutputType) -> str:
        """A key for the field with these arguments: its own name, an alias, or what others have who do not mind."""
        told = f"{field}{arguments}"
        wished = self._choosing.one_of(_ALIASES) if self._choosing.percent(25) else field
        own = (f"{field}{number}" for number in count(1))
        key = next(key for key in chain((wished, field), own) if self._is_free(key, (parent, told, kind)))
        self._taken.setdefault(key, []).append((parent, told, kind))
        return key

    def _is_free(self, key: str, holder: _Holder) -> bool:
        return all(_agree(other, holder) for other in self._taken.get(key, ()))


def _agree(one: _Holder, other: _Holder) -> bool:
    (parent, told, kind), (other_parent, other_told, other_kind) = one, other
    if told == other_told and str(kind) == str(other_kind):
        return True
    apart = parent is not other_parent and is_object_type(parent) and is_object_type(other_parent)
    return apart and _shape(kind) == _shape(other_kind)


def _shape(kind: GraphQLOutputType) -> str:
    """The wrapping of a composite type, whichever it is; of a leaf, the type itself."""
    named = get_named_type(kind)
    return str(kind).replace(named.name, "{}") if is_composite_type(named) else str(kind)
