"""How the records that we write to are looked up, with one org's own field names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from canonical.intake import WriteBack
from sources.kit.call import chunks
from sources.salesforce.client import Reader
from sources.salesforce.ids import ORDER_ITEM, well_formed
from sources.salesforce.narrowing import KEYS_A_QUERY
from sources.salesforce.settings import Settings
from sources.salesforce.shapes import rows_of, shape_with
from sources.salesforce.soql import Condition, Select, equals, is_in, is_true
from sources.salesforce.wire import Product
from sources.salesforce.wire_written import Offered, StandingAccount, StandingLine, StandingOrder

_SKU: Final = "Product2."


@dataclass(frozen=True, slots=True)
class Standing:
    """What is asked about records before they are written to, and how the answers are read.

    Nothing here is narrowed to what the asker may see: whether a record is there already must be told of all.
    """

    settings: Settings
    orders: Reader[StandingOrder]
    accounts: Reader[StandingAccount]
    offers: Reader[Offered]

    @staticmethod
    def of(settings: Settings) -> Standing:
        """The questions for these settings."""
        line_names = {
            "reference": settings.line_reference_field,
            "quote_line": settings.quote_line_field,
            "erp_keys": settings.line_erp_key_field,
        }
        line = shape_with(StandingLine, line_names)
        names = {
            "reference": settings.order_reference_field,
            "erp_numbers": settings.erp_order_number_field,
            "erp_status": settings.erp_status_field,
            "erp_failure": settings.erp_failure_field,
        }
        order = shape_with(StandingOrder, names, order_items=rows_of(line))
        account = shape_with(StandingAccount, {"erp_numbers": settings.erp_customer_number_field})
        offered = shape_with(Offered, {}, product2=shape_with(Product, {"sku": settings.sku_field}))
        return Standing(
            settings,
            Reader(order, "look for Order", ("order_items", line)),
            Reader(account, "look for Account"),
            Reader(offered, "look for PricebookEntry"),
        )

    def order_of(self, told: WriteBack) -> Select:
        """The order that is told: what was written back to it and its lines."""
        settings = self.settings
        names = ("Id", settings.erp_order_number_field, settings.erp_status_field, settings.erp_failure_field)
        children: tuple[Select, ...] = ()
        if settings.line_erp_key_field and told.line_keys:
            by_quote = any(not key.startswith(ORDER_ITEM) for key, _ in told.line_keys)
            children = (_lines(settings.line_erp_key_field, settings.quote_line_field if by_quote else None),)
        return Select(_set(*names), "Order", children, (is_in("Id", well_formed([told.order_key])),))

    def order_that_carries(self, reference: str, *, with_lines: bool) -> Select:
        """The orders whose reference is this one, in any case; `with_lines`: and which lines they have."""
        settings = self.settings
        names = ("Id", "StatusCode", settings.order_reference_field)
        children = (_lines(settings.line_reference_field),) if with_lines else ()
        return Select(names, "Order", children, (equals(settings.order_reference_field, reference),))

    def account_of(self, key: str) -> Select:
        """The account with this id."""
        names = ("Id", "LastModifiedDate", self.settings.erp_customer_number_field)
        return Select(names, "Account", where=(is_in("Id", well_formed([key])),))

    def offers_of(self, skus: Iterable[str], currency: str) -> list[Select]:
        """The active entries of these products in the price book of registered orders."""
        settings = self.settings
        names = ("Id", "Pricebook2Id", "UnitPrice", f"{_SKU}{settings.sku_field}")
        return [
            Select(
                names,
                "PricebookEntry",
                where=(is_in(f"{_SKU}{settings.sku_field}", run), *self._on_offer(currency)),
                order_by=("Id",),
            )
            for run in chunks(list(skus), KEYS_A_QUERY)
        ]

    def _on_offer(self, currency: str) -> Sequence[Condition]:
        settings = self.settings
        book = is_in("Pricebook2Id", [settings.pricebook]) if settings.pricebook else is_true("Pricebook2.IsStandard")
        in_currency = (equals("CurrencyIsoCode", currency),) if settings.multi_currency else ()
        return (is_true("IsActive"), book, *in_currency)


def _lines(*fields: str | None) -> Select:
    return Select(_set("Id", *fields), "OrderItems", order_by=("Id",))


def _set(*names: str | None) -> tuple[str, ...]:
    return tuple(name for name in names if name)
