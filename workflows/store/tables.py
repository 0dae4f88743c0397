"""The tables of submissions. `migrations/` makes them; a test proves that both say the same."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from workflows.store.columns import JSON, instant, json_list, metadata

submission = Table(
    "submission",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("external_reference", Text, nullable=False, unique=True),
    # What was asked for; emptied when the answer's time is over. The key and the references stay.
    Column("input", JSON),
    # The legal entities and accounts that whoever submitted may touch.
    Column("rights", JSON, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("customer_system", Text),
    Column("customer_key", Text),
    Column("crm_customer_key", Text),
    Column("legal_entities", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    json_list("problems"),
    Column("correlation_id", Text, nullable=False),
    Column("submitted_by", Text, nullable=False),
    instant("submitted_at", required=True),
    instant("settled_at"),
    # When the schedule takes it up again; empty while a worker has it, and when it is settled.
    instant("resume_at"),
    # How often it was taken up: each round is one run of the durable workflow.
    Column("round", Integer, nullable=False, server_default=text("1")),
    Column("replays", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("tenant", "client", "idempotency_key", name="uq_submission_key"),
    Index("ix_submission_newest", "tenant", "submitted_at", "id"),
    Index("ix_submission_correlation_id", "correlation_id"),
    Index("ix_submission_resume_at", "resume_at", postgresql_where=text("resume_at is not null")),
    Index("ix_submission_unsettled", "submitted_at", postgresql_where=text("settled_at is null")),
    Index("ix_submission_to_empty", "settled_at", postgresql_where=text("input is not null")),
)

submission_step = Table(
    "submission_step",
    metadata,
    Column("submission_id", Text, ForeignKey("submission.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("system", Text),
    Column("legal_entity", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("round", Integer, nullable=False, server_default=text("1")),
    instant("started_at"),
    instant("ended_at"),
    Column("message", Text),
)

submission_order = Table(
    "submission_order",
    metadata,
    Column("submission_id", Text, ForeignKey("submission.id", ondelete="CASCADE"), primary_key=True),
    Column("system", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Index("ix_submission_order_record", "system", "key"),
)

# Intent before effect: everything that is written to a system, what was asked for, and the lease on its reference.
effect = Table(
    "effect",
    metadata,
    # What the system carries, so that the effect is found again whatever happened to the answer.
    Column("reference", Text, primary_key=True),
    Column("submission_id", Text, ForeignKey("submission.id", ondelete="SET NULL")),
    Column("kind", Text, nullable=False),
    Column("leg", Integer, nullable=False, server_default=text("0")),
    Column("system", Text, nullable=False),
    Column("legal_entity", Text),
    Column("state", Text, nullable=False),
    # The request as it is sent, so that a later attempt sends the same.
    Column("request", JSON),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    # Attempts that ended without an answer.
    Column("lost", Integer, nullable=False, server_default=text("0")),
    Column("holder", Text),
    # Until then an attempt may still take effect: nobody else begins one, and what is not found is not yet absent.
    instant("not_before", required=True),
    instant("first_at"),
    Column("answer", JSON),
    instant("answered_at"),
    Index("ix_effect_submission_id", "submission_id", "leg"),
    Index("ix_effect_uncertain", "system", postgresql_where=text("state = 'UNCERTAIN'")),
)
