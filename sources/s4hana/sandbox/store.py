"""The rows, one SQLite table an entity set, in a file or in memory."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from sources.s4hana.sandbox.journal import Journal
from sources.s4hana.sandbox.model import EntitySet, Kind, Service
from sources.s4hana.sandbox.query.clause import Clause, Parameter
from sources.s4hana.sandbox.values import Stored, initial, keeper

Row = tuple[Stored, ...]

_REMEMBERED = 4096
_NUMBERS = frozenset({Kind.DECIMAL, Kind.INTEGER, Kind.DAY, Kind.MOMENT, Kind.CLOCK, Kind.FLAG})


class Store:
    """All tables of one system; a file written by another version of the model starts empty."""

    def __init__(self, services: Sequence[Service], path: Path | None = None) -> None:
        self.sets = {entity.name: entity for service in services for entity in service.sets}
        self._writers = {name: _Writer(entity) for name, entity in self.sets.items()}
        self._database = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self.journal = Journal(self)
        self._create()

    def load(self, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Insert rows by entity set, each a mapping of property names; a row with a known key replaces the old one.

        What a row leaves out is initial. ValueError for unknown sets and properties and for values that do not fit.
        """
        for name in rows:
            if name not in self.sets:
                raise ValueError(f"no entity set {name}")
        with self.transaction():
            for name, given in rows.items():
                writer = self._writers[name]
                kept = [writer.row(one) for one in given]
                self.journal.replacing(self.sets[name], kept)
                self._database.executemany(writer.sql, kept)

    def fitting(
        self, rows: Mapping[str, Sequence[Mapping[str, object]]]
    ) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """The rows without the sets and properties that this release does not have."""
        kept: dict[str, Sequence[Mapping[str, object]]] = {}
        for name, given in rows.items():
            if name in self.sets and given:
                foreign = {column for row in given for column in row} - self.sets[name].by_name.keys()
                kept[name] = [{k: v for k, v in row.items() if k not in foreign} for row in given] if foreign else given
        return kept

    def kept(self, entity: EntitySet, row: Mapping[str, object]) -> dict[str, Stored]:
        """A given row's values as columns hold them; ValueError as `load`."""
        return self._writers[entity.name].kept(row)

    def clear(self) -> None:
        """Forget all rows."""
        with self.transaction():
            for name in self.sets:
                self._database.execute(f'DELETE FROM "{name}"')

    def select(  # a query's parts
        self,
        entity: EntitySet,
        columns: Sequence[str],
        where: Clause,
        order: str = "",
        limit: int = -1,
        offset: int = 0,
    ) -> list[Row]:
        """Rows of a set: these columns, this condition, this order."""
        shown = ",".join(f'"{column}"' for column in columns)
        ending = f" ORDER BY {order}" if order else ""
        sql = f'SELECT {shown} FROM "{entity.name}" WHERE {where.sql}{ending} LIMIT ? OFFSET ?'
        return self._database.execute(sql, (*where.parameters, limit, offset)).fetchall()

    def count(self, entity: EntitySet, where: Clause) -> int:
        """How many rows of a set meet the condition."""
        return int(str(self.one(f'SELECT count(*) FROM "{entity.name}" WHERE {where.sql}', where.parameters)))

    def highest(self, entity: EntitySet, column: str, where: Clause) -> str:
        """The highest all-digit value of a padded column, "" where there is none."""
        sql = f'SELECT max("{column}") FROM "{entity.name}" WHERE {where.sql} AND "{column}" NOT GLOB \'*[^0-9]*\''
        return str(self.one(sql, where.parameters) or "")

    def one(self, sql: str, parameters: Sequence[Parameter]) -> object:
        """The single value that a query gives."""
        return self._database.execute(sql, parameters).fetchone()[0]

    def insert(self, entity: EntitySet, values: Mapping[str, Stored]) -> None:
        """Add one row of stored values; sqlite3.IntegrityError where its key is taken."""
        writer = self._writers[entity.name]
        self._database.execute(writer.sql.replace("INSERT OR REPLACE", "INSERT"), writer.stored_row(values))
        self.journal.inserted(entity, values)

    def update(self, entity: EntitySet, values: Mapping[str, Stored], where: Clause) -> None:
        """Set columns of the rows that meet the condition."""
        self.journal.updating(entity, values, where)
        changes = ",".join(f'"{name}" = ?' for name in values)
        sql = f'UPDATE "{entity.name}" SET {changes} WHERE {where.sql}'
        self._database.execute(sql, (*values.values(), *where.parameters))

    def delete(self, entity: EntitySet, where: Clause) -> None:
        """Remove the rows that meet the condition."""
        self._database.execute(f'DELETE FROM "{entity.name}" WHERE {where.sql}', where.parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One unit of work: all of it, or nothing when the block raises. Units may nest; the outermost decides last."""
        self._database.execute("SAVEPOINT unit")
        began = self.journal.begin()
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK TO unit")
            self.journal.undo(began)
            raise
        finally:
            self._database.execute("RELEASE unit")
        self.journal.commit()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _create(self) -> None:
        statements = [statement for entity in self.sets.values() for statement in _ddl(entity)]
        version = zlib.crc32("".join(statements).encode()) & 0x7FFFFFFF
        if self.one("PRAGMA user_version", ()) == version:
            return
        for name in self._database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            self._database.execute(f'DROP TABLE "{name[0]}"')
        for statement in statements:
            self._database.execute(statement)
        self._database.execute(f"PRAGMA user_version = {version}")


class _Writer:
    """Turns given rows of one set into stored ones."""

    def __init__(self, entity: EntitySet) -> None:
        self._entity = entity
        self._initials: list[Stored] = [initial(one) for one in entity.properties]
        # A story repeats its words: most values of a column have been kept before.
        self._columns = {
            one.name: (place, lru_cache(_REMEMBERED, typed=True)(keeper(one)))
            for place, one in enumerate(entity.properties)
        }
        self.sql = f'INSERT OR REPLACE INTO "{entity.name}" VALUES ({",".join("?" * len(self._initials))})'

    def row(self, given: Mapping[str, object]) -> list[Stored]:
        row = self._initials.copy()
        for name, value in given.items():
            try:
                place, keep = self._columns[name]
            except KeyError as wrong:
                raise ValueError(f"no property {name} in {self._entity.name}") from wrong
            row[place] = keep(value)
        return row

    def kept(self, given: Mapping[str, object]) -> dict[str, Stored]:
        return {name: self._columns[name][1](value) for name, value in given.items()}

    def stored_row(self, values: Mapping[str, Stored]) -> list[Stored]:
        row = self._initials.copy()
        for name, value in values.items():
            row[self._columns[name][0]] = value
        return row


def _ddl(entity: EntitySet) -> list[str]:
    columns = ",".join(f'"{one.name}" {"INTEGER" if one.kind in _NUMBERS else "TEXT"}' for one in entity.properties)
    keys = ",".join(f'"{one.name}"' for one in entity.keys)
    table = f'CREATE TABLE "{entity.name}" ({columns}, PRIMARY KEY ({keys})) WITHOUT ROWID'
    leading = entity.keys[0].name
    searched = {one.name for one in entity.properties if one.indexed} - {leading}
    return [table, *(f'CREATE INDEX "{entity.name}.{one}" ON "{entity.name}" ("{one}")' for one in sorted(searched))]
