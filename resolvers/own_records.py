"""What Revgraph keeps itself, by its global ids: submissions, exceptions, entries of the audit."""

from __future__ import annotations

from canonical.errors import Mistake
from canonical.identity import expect_id, global_id
from canonical.refs import Ref
from canonical.submission import HERE

OWN = frozenset({"Submission", "IntegrationException"})
"""The concepts whose records are ours."""


def own_id(concept: str, key: str) -> str:
    """The id of a record of ours."""
    return global_id(concept, Ref(HERE, key))


def own_key(text: str, concept: str) -> str:
    """The key that an id of this concept names; a Mistake with code BAD_ID for any other text."""
    return own(expect_id(text, concept)).key


def own(ref: Ref) -> Ref:
    """The same reference; a Mistake when it does not name a record of ours."""
    if ref.system != HERE:
        raise Mistake("BAD_ID", f"There is no system {ref.system[:40]!r} that keeps such records.")
    return ref
