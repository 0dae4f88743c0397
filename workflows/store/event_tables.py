"""The tables of events: what systems told us, what is going to be told, the log, and who has heard of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY

from workflows.store.columns import JSON, instant, metadata

# What systems told us, stored before it is acknowledged. A row stays, so that what is told again is known.
change_in = Table(
    "change_in",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("system", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("concept", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("order_keys", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    instant("changed_at", required=True),
    instant("received_at", required=True),
    # When it is looked at again; empty once it was.
    instant("due_at", required=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("system", "event_id", name="uq_change_in_event"),
    Index("ix_change_in_due_at", "due_at", postgresql_where=text("due_at is not null")),
    Index("ix_change_in_received_at", "received_at"),
)

# Where each way of hearing of a system resumes, and who listens on it.
feed = Table(
    "feed",
    metadata,
    Column("system", Text, primary_key=True),
    Column("way", Text, primary_key=True),
    Column("position", Text),
    instant("began_at", required=True),
    instant("heard_at"),
    instant("due_at", required=True),
    Column("holder", Text),
    instant("held_until"),
    Column("trouble", Text),
    instant("trouble_since"),
)

# Since when we listen to each system: what happened in it before is no news.
listened = Table(
    "listened",
    metadata,
    Column("system", Text, primary_key=True),
    instant("began_at", required=True),
)

# What has been told of an order so far: its status, which happenings, and which of those are not there any more; which
# systems have ever been read for it, and whose it is.
order_told = Table(
    "order_told",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("system", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("status", Text),
    Column("happenings", JSON, nullable=False),
    Column("systems", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("whose", JSON),
    Column("gone", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("version", Integer, nullable=False, server_default=text("0")),
    instant("told_at", required=True),
)

# What happened, in the transaction in which it happened; a relay moves it into the log in its order.
event_out = Table(
    "event_out",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body", JSON, nullable=False),
)

# The log: positions without gaps, in which every event stands once.
event = Table(
    "event",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body", JSON, nullable=False),
    instant("recorded_at", required=True),
    UniqueConstraint("tenant", "key", name="uq_event_key"),
    Index("ix_event_recorded_at", "recorded_at"),
)

# One row: where the log stands. `floor` is the last position that was dropped.
event_log = Table(
    "event_log",
    metadata,
    Column("single", Boolean, primary_key=True, server_default=text("true")),
    Column("epoch", Text, nullable=False),
    Column("cluster", Text),
    instant("renewed_at"),
    Column("head", BigInteger, nullable=False, server_default=text("0")),
    Column("floor", BigInteger, nullable=False, server_default=text("0")),
)

# What is sent to programs outside and to the CRM's screens: how far each has come, and what could not be sent.
outbound = Table(
    "outbound",
    metadata,
    Column("receiver", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("holder", Text),
    instant("held_until"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("receiver", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    # What keeps its order: of one order, nothing overtakes what could not be sent yet.
    Column("lane", Text, nullable=False),
    Column("state", Text, nullable=False),
    # The type and the id that the receiver sees.
    Column("kind", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("body", JSON),
    instant("first_at", required=True),
    # When it is sent, or, while it is being sent, when it may be sent again; empty once it has ended.
    instant("due_at"),
    instant("ended_at"),
    Column("answer", Text),
    UniqueConstraint("receiver", "position", name="uq_delivery_position"),
    Index("ix_delivery_due_at", "receiver", "due_at", postgresql_where=text("due_at is not null")),
    Index("ix_delivery_lane", "receiver", "lane", "position", postgresql_where=text("due_at is not null")),
    Index("ix_delivery_ended_at", "receiver", "ended_at", postgresql_where=text("ended_at is not null")),
    Index("ix_delivery_told", "receiver", "lane", "ended_at", postgresql_where=text("ended_at is not null")),
)
