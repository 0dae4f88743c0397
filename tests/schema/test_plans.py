"""Every field of the graph that a call answers tells beforehand what the call will ask, or is known to ask nobody."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from graphql import GraphQLField, GraphQLObjectType

from engine.marks import Batch, mark_of
from resolvers import forecast_loads, nodes
from schema import build_schema

ASKS_NOBODY = {
    "BillingAccount.legalEntity",
    "Booking.legalEntity",
    "Customer.conflicts",
    "Customer.lineage",
    "Invoice.legalEntity",
    "Invoice.lineage",
    "Invoice.overdueDays",
    "Order.conflicts",
    "Order.lineage",
    "OrderConnection.resumeFrom",
    "OrderLine.legalEntity",
    "Product.listPrice",
    "Submission.resumeFrom",
    "TimelineConnection.resumeFrom",
}
"""Computed from what its parents hold already: what they need of them is in `needs`."""


OUR_OWN_STORE = {
    "ExceptionNotice.integrationException",
    "IntegrationException.history",
    "IntegrationException.submission",
    "IntegrationException.technicalDetail",
    "Mutation.assignExceptions",
    "Mutation.resolveException",
    "Mutation.retryException",
    "Order.exceptions",
    "Order.submissions",
    "Query.audit",
    "Query.exceptions",
    "Query.kpis",
    "Query.submission",
    "Query.submissions",
    "Submission.exceptions",
    "SubmissionUpdate.submission",
    "ValidatedLine.legalEntity",
}
"""Read from what we keep ourselves: no system is asked."""

NOT_FORETOLD = {
    "IntegrationException.subject",
    "Mutation.amendOrder",
    "Mutation.cancelOrder",
    "Mutation.createCustomer",
    "Mutation.submitOrder",
    "Query.validateOrder",
    "Submission.customer",
    "Submission.orders",
}
"""What they ask hangs on what our own store says, or on how a person named it; docs/plans.md says so."""


def batches() -> Iterator[tuple[str, GraphQLField, Batch]]:
    for kind in build_schema()._schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for name, field in kind.fields.items():
                mark = mark_of(field)
                if isinstance(mark, Batch):
                    yield f"{kind.name}.{name}", field, mark


def test_every_field_tells_what_it_will_ask_or_is_known_to_ask_nobody() -> None:
    silent = {name for name, _, mark in batches() if mark.reads is None}

    assert silent == ASKS_NOBODY | OUR_OWN_STORE | NOT_FORETOLD


def test_every_list_that_an_argument_bounds_says_so() -> None:
    bounded = {name for name, field, _ in batches() if field.args.keys() & {"first", "ids", "representations"}}

    assert bounded == {name for name, _, mark in batches() if mark.most is not None}
    assert len(bounded) == 14


def test_what_tells_takes_the_same_arguments_as_the_field() -> None:
    for name, _, mark in batches():
        own = list(inspect.signature(mark.resolver).parameters)[3:]
        for teller, before in ((mark.reads, 3), (mark.most, 2)):
            if teller is not None:
                inspect.signature(teller).bind(*[None] * before, **dict.fromkeys(own)), name


def test_records_of_every_concept_that_has_ids_are_foretold() -> None:
    assert forecast_loads.LOADS.keys() == nodes.LOADS.keys()
