"""The database being filled: its models, its one transaction, and a calendar that follows the tale."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

# Only Tryton's own interpreter has these; the product's has not, and needs not.
from trytond.config import config  # type: ignore[import-not-found]
from trytond.pool import Pool  # type: ignore[import-not-found]
from trytond.transaction import Transaction  # type: ignore[import-not-found]

ADMINISTRATOR = 1


@dataclass
class Erp:
    """One open database; `today` is what Tryton takes for the current day."""

    pool: Any
    today: date

    def model(self, name: str) -> Any:
        """A model's class."""
        return self.pool.get(name)

    def one(self, name: str, *domain: object) -> Any:
        """The only record that fits; ValueError when there is none or another."""
        (record,) = self.model(name).search(list(domain))
        return record

    def save(self, model: str, /, **values: Any) -> Any:
        """A new record with these values and the model's defaults."""
        record = self.model(model)(**values)
        record.save()
        return record

    def xml(self, module: str, name: str) -> int:
        """The id of a record that a module brought with it."""
        return int(self.model("ir.model.data").get_id(module, name))

    def company(self, company: int) -> Any:
        """The context in which a company's own values are read and written, as a context manager."""
        return Transaction().set_context(company=company, companies=[company])

    def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """One SQL statement in the same transaction."""
        cursor = Transaction().connection.cursor()
        cursor.execute(statement, values)
        return list(cursor.fetchall())


@contextmanager
def opened(settings: Path, database: str, today: date) -> Iterator[Erp]:
    """Open the database for one transaction, committed when the block ends well.

    Warnings that ask a person for confirmation are taken as confirmed. What Tryton would queue is left out (the seeding
    says itself when a sale is processed), and so is the printing of invoices, which costs most of posting them.
    """
    config.update_etc(str(settings))
    Pool.start()
    pool = Pool(database)
    pool.init()
    erp = Erp(pool, today)
    pool.get("ir.date").today = staticmethod(lambda *_zone, **_named: erp.today)
    pool.get("ir.queue").push = classmethod(lambda *_args, **_named: None)
    pool.get("account.invoice").print_invoice = classmethod(lambda *_args: None)
    # Nobody else has the file open, so there is nothing to lock out.
    Transaction.lock_table = Transaction.lock_records = lambda *_args: None
    with Transaction().start(database, ADMINISTRATOR, context={"_skip_warnings": True, "language": "en"}):
        yield erp
