"""How Alembic runs the steps: on one connection, in one transaction, and blind to the durable engine's own schema."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

from workflows.store.columns import metadata


def ours(name: str | None, kind: str, _: object) -> bool:
    """Whether a thing in the database is ours to keep."""
    return not (kind == "schema" and name == "dbos")


def run() -> None:
    """Run the steps that are missing."""
    engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, include_name=ours)
        with context.begin_transaction():
            context.run_migrations()


run()
