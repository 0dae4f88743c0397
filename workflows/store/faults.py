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


@contextmanager
def in_words() -> Iterator[None]:
    """Raise what the store's errors mean: Unavailable where it is away, a Mistake where a text cannot be stored."""
    try:
        yield
    except DataError as error:
        raise Mistake("BAD_ARGUMENT", "A text here holds characters that cannot be stored.") from error
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) not in _OF_ANOTHER_VERSION:
            raise
        sentence = "Revgraph's own store is not at this version: run `revgraph migrate` with its address."
        raise Unavailable(HERE, sentence) from error
    except (OperationalError, InterfaceError, PoolTimeoutError, OSError) as error:
        raise away() from error


def away() -> Unavailable:
    """That the store does not answer."""
    return Unavailable(HERE, "Revgraph's own store does not answer just now.", retry_after=RETRY_AFTER)
