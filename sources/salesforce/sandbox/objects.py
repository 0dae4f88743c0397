"""The standard objects from quote to cash, and the custom fields by which an ERP's records are found."""

from __future__ import annotations

from sources.salesforce.sandbox.catalogue import catalogue_objects
from sources.salesforce.sandbox.deals import deal_objects
from sources.salesforce.sandbox.model import SObject
from sources.salesforce.sandbox.orders import order_objects
from sources.salesforce.sandbox.people import people_objects
from sources.salesforce.sandbox.quotes import quote_objects


def standard_objects() -> list[SObject]:
    """The objects every org with quotes and orders has."""
    return [
        *people_objects(),
        *catalogue_objects(),
        *deal_objects(),
        *quote_objects(),
        *order_objects(),
    ]
