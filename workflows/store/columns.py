"""What all tables of the store are made of."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, MetaData, func, text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

JSON = JSONB(none_as_null=True)
"""A JSON column in which None is the absence of a value, not JSON's null."""


def instant(name: str, *, required: bool = False) -> Column[object]:
    """An instant; a required one is the database's own clock unless it is given."""
    usual = func.clock_timestamp() if required else None
    return Column(name, DateTime(timezone=True), nullable=not required, server_default=usual)


def json_list(name: str) -> Column[object]:
    """A list in JSON, empty unless it is given."""
    return Column(name, JSON, nullable=False, server_default=text("'[]'"))
