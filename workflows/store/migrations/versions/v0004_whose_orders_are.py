"""Whose an order is, and what of it was taken back, is kept with what was told of it; and when the log began anew."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
alter table order_told add column if not exists whose jsonb;
alter table order_told add column if not exists gone text[] default '{}' not null;
alter table event_log add column if not exists renewed_at timestamptz;
create index ix_submission_to_empty on submission (settled_at) where input is not null;
"""

# A payment was counted among all of an invoice, and is now among its own: under its old key it would be told once more.
PAYMENTS = r"""
update order_told told set happenings = counted.happenings from (
    select system, key, tenant, jsonb_object_agg(
        case when part is null then name else part || '/' || (place - 1) end, at) as happenings
    from (
        select o.tenant, o.system, o.key, h.key as name, h.value as at, p.part,
            row_number() over (partition by o.tenant, o.system, o.key, p.part order by p.number) as place
        from order_told o, jsonb_each(o.happenings) h,
            lateral (select substring(h.key from '^(PAYMENT_APPLIED:.*)/\d+$') as part,
                substring(h.key from '^PAYMENT_APPLIED:.*/(\d+)$')::bigint as number) p
    ) each_one
    group by tenant, system, key
) counted
where (told.tenant, told.system, told.key) = (counted.tenant, counted.system, counted.key)
    and told.happenings <> counted.happenings;
"""


def upgrade() -> None:
    """Go to this step."""
    op.execute(TABLES)
    op.execute(PAYMENTS)
