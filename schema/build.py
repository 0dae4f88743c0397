"""The schema, built of its declarations."""

from __future__ import annotations

from strawberry.federation import Schema
from strawberry.schema.config import StrawberryConfig

from canonical.absence import UNSET
from schema.customer import Customer
from schema.integration_exception import IntegrationException
from schema.invoice import CreditMemo, Invoice, Payment
from schema.mutation import Mutation
from schema.order import Order
from schema.product import Product
from schema.query import Query
from schema.quote import Quote
from schema.scalars import SCALARS
from schema.shipment import Shipment
from schema.submission import Submission
from schema.subscription import Subscription


def served(parent: object, name: str) -> object:
    """A parent's attribute, None where nobody told it."""
    value = getattr(parent, name)
    return None if value is UNSET else value


def build_schema() -> Schema:
    """A new schema. Federation 2.9: the newest version that other composers understand."""
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[
            Customer,
            Product,
            Quote,
            Order,
            Shipment,
            Invoice,
            CreditMemo,
            Payment,
            Submission,
            IntegrationException,
        ],
        config=StrawberryConfig(default_resolver=served, disable_field_suggestions=True, scalar_map=SCALARS),
        federation_version="2.9",
    )
