"""The tables that people work with, and those of the workers themselves."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from workflows.store.columns import JSON, instant, json_list, metadata

integration_exception = Table(
    "integration_exception",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("submission_id", Text, ForeignKey("submission.id", ondelete="SET NULL")),
    # What went wrong where: one open exception at a time for each.
    Column("cause", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("explanation", Text, nullable=False),
    Column("suggested_action", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("owner", Text),
    Column("system", Text),
    Column("legal_entities", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("crm_customer_key", Text),
    Column("subject_concept", Text),
    Column("subject_system", Text),
    Column("subject_key", Text),
    json_list("correctable"),
    Column("technical_detail", Text),
    Column("correlation_id", Text, nullable=False),
    instant("raised_at", required=True),
    instant("due_at"),
    instant("resolved_at"),
    Column("resolution", Text),
    Index("ix_exception_newest", "tenant", "raised_at", "id"),
    Index("ix_exception_submission_id", "submission_id"),
    Index("ix_exception_subject", "subject_system", "subject_key"),
    Index(
        "uq_exception_open_cause",
        "submission_id",
        "cause",
        unique=True,
        postgresql_where=text("status <> 'RESOLVED'"),
    ),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("tenant", Text, nullable=False),
    instant("at", required=True),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    # "Submission 4f..", "IntegrationException 77..": the concept and the key of what was acted upon.
    Column("subject", Text, nullable=False),
    Column("detail", Text),
    Column("before", JSON),
    Column("after", JSON),
    Column("correlation_id", Text),
    Index("ix_audit_entry_newest", "tenant", "id"),
    Index("ix_audit_entry_subject", "subject"),
)

worker = Table(
    "worker",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("executor_id", Text, nullable=False, unique=True),
    Column("version", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("os_pid", Integer, nullable=False),
    # The session that holds this worker's lock and writes its heartbeat.
    Column("backend_pid", Integer, nullable=False),
    instant("started_at", required=True),
    instant("heartbeat_at", required=True),
    instant("ended_at"),
    Index("ix_worker_heartbeat_at", "heartbeat_at", postgresql_where=text("ended_at is null")),
)

takeover = Table(
    "takeover",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    instant("at", required=True),
    Column("dead", Text, nullable=False),
    Column("taken_by", Text, nullable=False),
    Column("workflows", Integer, nullable=False),
)
