"""Changes that systems tell of, the event log, and what is sent to others."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The outbox of before was read by nobody: what stood in it is in the ledger, the audit and the systems themselves.
TABLES = """
drop table event_out;
create table event_out (
    id bigint generated always as identity,
    tenant text not null,
    key text not null,
    body jsonb not null,
    constraint pk_event_out primary key (id)
);
create table change_in (
    id bigint generated always as identity,
    system text not null,
    event_id text not null,
    concept text not null,
    key text not null,
    order_keys text[] default '{}' not null,
    changed_at timestamptz default clock_timestamp() not null,
    received_at timestamptz default clock_timestamp() not null,
    due_at timestamptz,
    attempts integer default 0 not null,
    constraint pk_change_in primary key (id),
    constraint uq_change_in_event unique (system, event_id)
);
create index ix_change_in_due_at on change_in (due_at) where due_at is not null;
create index ix_change_in_received_at on change_in (received_at);
create table feed (
    system text not null,
    way text not null,
    position text,
    began_at timestamptz default clock_timestamp() not null,
    heard_at timestamptz,
    due_at timestamptz default clock_timestamp() not null,
    holder text,
    held_until timestamptz,
    trouble text,
    trouble_since timestamptz,
    constraint pk_feed primary key (system, way)
);
create table order_told (
    tenant text not null,
    system text not null,
    key text not null,
    status text,
    happenings jsonb not null,
    version integer default 0 not null,
    told_at timestamptz default clock_timestamp() not null,
    constraint pk_order_told primary key (tenant, system, key)
);
create table event (
    position bigint not null,
    tenant text not null,
    key text not null,
    body jsonb not null,
    recorded_at timestamptz default clock_timestamp() not null,
    constraint pk_event primary key (position),
    constraint uq_event_key unique (tenant, key)
);
create index ix_event_recorded_at on event (recorded_at);
create table event_log (
    single boolean default true not null,
    epoch text not null,
    cluster text,
    head bigint default 0 not null,
    floor bigint default 0 not null,
    constraint pk_event_log primary key (single)
);
create table outbound (
    receiver text not null,
    position bigint not null,
    holder text,
    held_until timestamptz,
    constraint pk_outbound primary key (receiver)
);
create table delivery (
    id bigint generated always as identity,
    receiver text not null,
    position bigint not null,
    lane text not null,
    state text not null,
    kind text not null,
    event_id text not null,
    attempts integer default 0 not null,
    body jsonb,
    first_at timestamptz default clock_timestamp() not null,
    due_at timestamptz,
    ended_at timestamptz,
    answer text,
    constraint pk_delivery primary key (id),
    constraint uq_delivery_position unique (receiver, position)
);
create index ix_delivery_due_at on delivery (receiver, due_at) where due_at is not null;
create index ix_delivery_lane on delivery (receiver, lane, position) where due_at is not null;
create index ix_delivery_ended_at on delivery (receiver, ended_at) where ended_at is not null;
create index ix_delivery_told on delivery (receiver, lane, ended_at) where ended_at is not null;
"""


def upgrade() -> None:
    """Go to this step."""
    op.execute(TABLES)
