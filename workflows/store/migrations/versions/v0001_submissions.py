"""Submissions and their bookings, exceptions, audit, outbox and workers."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
create table audit_entry (
    id bigint generated always as identity,
    tenant text not null,
    at timestamptz default clock_timestamp() not null,
    actor text not null,
    action text not null,
    subject text not null,
    detail text,
    before jsonb,
    after jsonb,
    correlation_id text,
    constraint pk_audit_entry primary key (id)
);
create index ix_audit_entry_newest on audit_entry (tenant, id);
create index ix_audit_entry_subject on audit_entry (subject);
create table event_out (
    id bigint generated always as identity,
    tenant text not null,
    at timestamptz default clock_timestamp() not null,
    kind text not null,
    subject_concept text not null,
    subject_system text not null,
    subject_key text not null,
    submission_id text,
    correlation_id text,
    body jsonb not null,
    constraint pk_event_out primary key (id)
);
create table submission (
    id text not null,
    tenant text not null,
    client text not null,
    operation text not null,
    idempotency_key text not null,
    fingerprint text not null,
    state text not null,
    external_reference text not null,
    input jsonb,
    rights jsonb not null,
    urgency integer not null,
    customer_system text,
    customer_key text,
    crm_customer_key text,
    legal_entities text[] default '{}' not null,
    problems jsonb default '[]' not null,
    correlation_id text not null,
    submitted_by text not null,
    submitted_at timestamptz default clock_timestamp() not null,
    settled_at timestamptz,
    resume_at timestamptz,
    round integer default 1 not null,
    replays integer default 0 not null,
    constraint pk_submission primary key (id),
    constraint uq_submission_key unique (tenant, client, idempotency_key),
    constraint uq_submission_external_reference unique (external_reference)
);
create index ix_submission_correlation_id on submission (correlation_id);
create index ix_submission_newest on submission (tenant, submitted_at, id);
create index ix_submission_resume_at on submission (resume_at) where resume_at is not null;
create index ix_submission_unsettled on submission (submitted_at) where settled_at is null;
create table takeover (
    id bigint generated always as identity,
    at timestamptz default clock_timestamp() not null,
    dead text not null,
    taken_by text not null,
    workflows integer not null,
    constraint pk_takeover primary key (id)
);
create table worker (
    id integer generated always as identity,
    executor_id text not null,
    version text not null,
    host text not null,
    os_pid integer not null,
    backend_pid integer not null,
    started_at timestamptz default clock_timestamp() not null,
    heartbeat_at timestamptz default clock_timestamp() not null,
    ended_at timestamptz,
    constraint pk_worker primary key (id),
    constraint uq_worker_executor_id unique (executor_id)
);
create index ix_worker_heartbeat_at on worker (heartbeat_at) where ended_at is null;
create table effect (
    reference text not null,
    submission_id text,
    kind text not null,
    leg integer default 0 not null,
    system text not null,
    legal_entity text,
    state text not null,
    request jsonb,
    attempt integer default 0 not null,
    lost integer default 0 not null,
    holder text,
    not_before timestamptz default clock_timestamp() not null,
    first_at timestamptz,
    answer jsonb,
    answered_at timestamptz,
    constraint pk_effect primary key (reference),
    constraint fk_effect_submission_id foreign key (submission_id) references submission (id) on delete set null
);
create index ix_effect_submission_id on effect (submission_id, leg);
create index ix_effect_uncertain on effect (system) where state = 'UNCERTAIN';
create table integration_exception (
    id text not null,
    tenant text not null,
    submission_id text,
    cause text not null,
    category text not null,
    code text not null,
    title text not null,
    explanation text not null,
    suggested_action text not null,
    status text not null,
    severity text not null,
    outcome text not null,
    owner text,
    system text,
    legal_entities text[] default '{}' not null,
    crm_customer_key text,
    subject_concept text,
    subject_system text,
    subject_key text,
    correctable jsonb default '[]' not null,
    technical_detail text,
    correlation_id text not null,
    raised_at timestamptz default clock_timestamp() not null,
    due_at timestamptz,
    resolved_at timestamptz,
    resolution text,
    constraint pk_integration_exception primary key (id),
    constraint fk_integration_exception_submission_id foreign key (submission_id)
        references submission (id) on delete set null
);
create index ix_exception_newest on integration_exception (tenant, raised_at, id);
create index ix_exception_subject on integration_exception (subject_system, subject_key);
create index ix_exception_submission_id on integration_exception (submission_id);
create unique index uq_exception_open_cause on integration_exception (submission_id, cause) where status <> 'RESOLVED';
create table submission_order (
    submission_id text not null,
    system text not null,
    key text not null,
    constraint pk_submission_order primary key (submission_id, system, key),
    constraint fk_submission_order_submission_id foreign key (submission_id)
        references submission (id) on delete cascade
);
create index ix_submission_order_record on submission_order (system, key);
create table submission_step (
    submission_id text not null,
    place integer not null,
    name text not null,
    state text not null,
    system text,
    legal_entity text,
    attempts integer default 0 not null,
    round integer default 1 not null,
    started_at timestamptz,
    ended_at timestamptz,
    message text,
    constraint pk_submission_step primary key (submission_id, place),
    constraint fk_submission_step_submission_id foreign key (submission_id)
        references submission (id) on delete cascade
);
"""


def upgrade() -> None:
    """Go to this step."""
    op.execute(TABLES)
