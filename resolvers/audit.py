"""The audit as the graph asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from canonical.audit import AuditEntry
from canonical.errors import Mistake
from canonical.identity import parse_global_id
from canonical.submission import HERE
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.at_desk import desk_of, told
from resolvers.connections import page_size
from resolvers.context import Context
from resolvers.own_pages import CountedPage, counted, numbered_cursor, numbered_position
from resolvers.own_records import OWN, own_id
from workflows.audit import AuditFilter, subject

KIND = "audit"


async def audit(
    context: Context, parents: Sequence[object], _: Wanted, first: int, after: str | None, by: AuditFilter
) -> Sequence[CountedPage[AuditEntry]]:
    """A page of what was done, the newest first."""
    require(context.principal, "audit:read")
    size, position = page_size(first), numbered_position(KIND, after)
    wanted = replace(by, subject=_named(by.subject))
    page = await told(context, desk_of(context).list_audit(context.principal, wanted, size, position))
    return [counted(page, lambda one: numbered_cursor(KIND, one.id), after)] * len(parents)


def entry_id(entry: AuditEntry) -> str:
    """The id of an entry."""
    return own_id("AuditEntry", entry.id)


def subject_id(entry: AuditEntry) -> str:
    """The id of what was acted upon; where the graph has no such record, what the audit itself calls it."""
    concept, _, key = entry.subject.partition(" ")
    return own_id(concept, key) if concept in OWN and key else entry.subject


def _named(text: str | None) -> str | None:
    """What the audit calls the subject of this id; any other text is taken as it is."""
    if text is None:
        return None
    try:
        concept, ref = parse_global_id(text)
    except Mistake:
        return text
    return subject(concept, ref.key) if ref.system == HERE else text
