"""What is news is found out for each system: since when we listen to it, and of which orders it was read."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
create table listened (
    system text not null,
    began_at timestamptz default clock_timestamp() not null,
    constraint pk_listened primary key (system)
);
insert into listened (system, began_at) select system, min(began_at) from feed group by system;
alter table order_told add column systems text[] default '{}' not null;
"""

# Instants that nobody meant, of before they were looked at when they came: one of them stopped all that is behind it.
CHANGES = """
update change_in set changed_at = received_at
where changed_at < '1990-01-01 00:00+00' or changed_at > received_at + interval '1 day';
"""


def upgrade() -> None:
    """Go to this step."""
    op.execute(TABLES)
    op.execute(CHANGES)
