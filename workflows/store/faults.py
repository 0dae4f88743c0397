"""What the store's errors mean to whoever asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DataError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from canonical.errors import Mistake, Unavailable
from canonical.submission import HERE

RETRY_AFTER: Final = 5.0
_OF_ANOTHER_VERSION: Final = ("42P01", "42703")
"""PostgreSQL's codes for a table and a column that are not there."""
NOT_MIGRATED: Final = "Revgraph's own store is not at this version: run `revgraph migrate` with its address."
AWAY: Final = "Revgraph's own store does not answer just now."


@contextmanager
def in_words() -> Iterator[None]:
    """Raise what the store's errors mean: Unavailable where it is away, a Mistake where a text cannot be stored."""
    try:
        yield
    except DataError as error:
        raise Mistake("BAD_ARGUMENT", "A text here holds characters that cannot be stored.") from error
    except ProgrammingError as error:
        if not is_of_another_version(error):
            raise
        raise Unavailable(HERE, NOT_MIGRATED) from error
    except (OperationalError, InterfaceError, PoolTimeoutError, OSError) as error:
        raise away() from error


def away() -> Unavailable:
    """That the store does not answer."""
    return Unavailable(HERE, AWAY, retry_after=RETRY_AFTER)


def is_of_another_version(error: BaseException) -> bool:
    """Whether the store lacks a table or a column that this version has: waiting does not help."""
    return isinstance(error, ProgrammingError) and getattr(error.orig, "sqlstate", None) in _OF_ANOTHER_VERSION
