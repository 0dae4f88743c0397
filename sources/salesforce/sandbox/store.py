"""The org's rows in SQLite: one table an object, transactions as savepoints."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from sources.salesforce.sandbox.ids import new_id
from sources.salesforce.sandbox.model import Field, Model, SObject
from sources.salesforce.sandbox.values import SQL_TYPES, Column

Row = dict[str, Column]
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time of day as the platform sees it."""
    return datetime.now(UTC)


class Store:
    """Rows by object and id; in memory without a path. One thread at a time."""

    def __init__(self, model: Model, path: Path | None = None, clock: Clock = utc_now) -> None:
        self.model = model
        self.clock = clock
        self.at_commit: Callable[[], None] = _nothing
        """Called at the end of each transaction, as its last part."""
        self.after_commit: Callable[[], None] = _nothing
        self._depth = 0
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA case_sensitive_like = OFF")
        self._db.execute("CREATE TABLE IF NOT EXISTS _made (object TEXT PRIMARY KEY, count INTEGER NOT NULL)")
        with self.atomic():
            for one in model.objects.values():
                for statement in _schema(one):
                    self._db.execute(statement)

    def close(self) -> None:
        """Close the file; the store is of no use afterwards."""
        self._db.close()

    def clear(self) -> None:
        """Delete every row for good."""
        with self.atomic():
            for name in self.model.objects:
                self._db.execute(f'DELETE FROM "{name}"')

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All or nothing, nested at will: an exception undoes what happened inside."""
        self._depth += 1
        point = f"point_{self._depth}"
        self._db.execute(f"SAVEPOINT {point}")
        try:
            yield
            if self._depth == 1:
                self.at_commit()
        except BaseException:
            self._db.execute(f"ROLLBACK TO {point}")
            raise
        finally:
            self._db.execute(f"RELEASE {point}")
            self._depth -= 1
        if self._depth == 0:
            self.after_commit()

    def select(self, sql: str, values: Sequence[Column] = ()) -> list[tuple[Column, ...]]:
        """All rows of a statement."""
        return cast("list[tuple[Column, ...]]", self._db.execute(sql, values).fetchall())

    def run(self, sql: str, values: Sequence[Column] = ()) -> None:
        """Run a statement for its effect."""
        self._db.execute(sql, values)

    def run_many(self, sql: str, rows: Iterable[Sequence[Column]]) -> None:
        """Run a statement once for each row of values."""
        self._db.executemany(sql, rows)

    def row(self, one: SObject, identity: str) -> Row | None:
        """The row with that 18-character id, deleted or not; None when there never was one."""
        found = self.select(f'SELECT * FROM "{one.name}" WHERE "Id" = ?', [identity])
        return dict(zip((field.name for field in one.columns), found[0], strict=True)) if found else None

    def find(self, one: SObject, field: Field, value: Column) -> list[str]:
        """The ids of the live rows whose field has that value, oldest first."""
        sql = f'SELECT "Id" FROM "{one.name}" WHERE "{field.name}" = ? AND "IsDeleted" = 0 ORDER BY rowid'
        return [str(row[0]) for row in self.select(sql, [value])]

    def insert(self, one: SObject, rows: Sequence[Row], columns: Iterable[str]) -> None:
        """Insert rows; columns absent from a row are null."""
        names = list(columns)
        listed = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join("?" * len(names))
        values = [[row.get(name) for name in names] for row in rows]
        self._db.executemany(f'INSERT INTO "{one.name}" ({listed}) VALUES ({marks})', values)

    def update(self, one: SObject, identity: str, columns: Mapping[str, Column]) -> None:
        """Change some columns of a row."""
        listed = ", ".join(f'"{name}" = ?' for name in columns)
        self._db.execute(f'UPDATE "{one.name}" SET {listed} WHERE "Id" = ?', [*columns.values(), identity])

    def reserve(self, name: str, rows: int) -> int:
        """Running numbers for so many new rows of an object; the first of them. Numbers are never used twice."""
        sql = (
            "INSERT INTO _made VALUES (?, ?) ON CONFLICT (object) DO UPDATE SET count = count + excluded.count "
            "RETURNING count"
        )
        return int(self.select(sql, [name, rows])[0][0] or 0) - rows + 1

    def make(self, one: SObject) -> tuple[str, int]:
        """A new row's id and running number."""
        while True:
            number = self.reserve(one.name, 1)
            identity = new_id(one.prefix, number)
            if self.row(one, identity) is None:
                return identity, number


def _nothing() -> None:
    pass


def _schema(one: SObject) -> Iterator[str]:
    columns = ", ".join(_column(field) for field in one.columns)
    yield f'CREATE TABLE IF NOT EXISTS "{one.name}" ({columns})'
    for field in one.columns:
        if field.unique:
            yield _index(one, field, "UNIQUE ", ' WHERE "IsDeleted" = 0')
        if field.refers_to or field.external_id or field.numbered or field.name in {"SystemModstamp", "CreatedDate"}:
            yield _index(one, field)


def _column(field: Field) -> str:
    if field.name == "Id":
        return '"Id" TEXT PRIMARY KEY'
    plain = field.refers_to or field.case_sensitive or field.type in {"date", "datetime"}
    kind = SQL_TYPES.get(field.type) or ("TEXT" if plain else "TEXT COLLATE NOCASE")
    return f'"{field.name}" {kind}'


def _index(one: SObject, field: Field, unique: str = "", where: str = "") -> str:
    name = f"{one.name}_{field.name}{'_unique' if unique else ''}"
    return f'CREATE {unique}INDEX IF NOT EXISTS "{name}" ON "{one.name}" ("{field.name}"){where}'
