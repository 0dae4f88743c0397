"""What changes the world. The fields of one operation are carried out one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from canonical import integration_exception as words
from canonical.wanted import Wanted
from engine.seam import batch
from resolvers import handling, submitting
from resolvers.context import Context
from schema.enums import ExceptionResolution
from schema.inputs import OrderBy, order_named
from schema.integration_exception import ExceptionPayload
from schema.mutation_inputs import (
    AmendOrderInput,
    CorrectionInput,
    CreateCustomerInput,
    SubmitOrderInput,
    amendment_asked,
    corrections_asked,
    customer_asked,
    order_asked,
)
from schema.submission import SubmissionPayload

Roots = Sequence[object]


async def _submit_order(
    context: Context, parents: Roots, wanted: Wanted, input: SubmitOrderInput, idempotency_key: str
) -> Roots:
    return await submitting.submit_order(context, parents, wanted, order_asked(input), idempotency_key)


async def _amend_order(
    context: Context,
    parents: Roots,
    wanted: Wanted,
    order: OrderBy,
    input: AmendOrderInput,
    idempotency_key: str,
    expected_version: str | None = None,
) -> Roots:
    asked = amendment_asked(input, expected_version)
    return await submitting.amend_order(context, parents, wanted, order_named(order), asked, idempotency_key)


async def _cancel_order(
    context: Context, parents: Roots, wanted: Wanted, order: OrderBy, reason: str, idempotency_key: str
) -> Roots:
    return await submitting.cancel_order(context, parents, wanted, order_named(order), reason, idempotency_key)


async def _create_customer(
    context: Context, parents: Roots, wanted: Wanted, input: CreateCustomerInput, idempotency_key: str
) -> Roots:
    return await submitting.create_customer(context, parents, wanted, customer_asked(input), idempotency_key)


async def _retry_exception(
    context: Context,
    parents: Roots,
    wanted: Wanted,
    id: strawberry.ID,
    corrections: list[CorrectionInput] | None = None,
    note: str | None = None,
) -> Roots:
    return await handling.retry(context, parents, wanted, id, corrections_asked(corrections), note)


async def _resolve_exception(
    context: Context,
    parents: Roots,
    wanted: Wanted,
    id: strawberry.ID,
    resolution: ExceptionResolution,
    note: str,
) -> Roots:
    how = words.ExceptionResolution(resolution.value)
    return await handling.resolve(context, parents, wanted, id, how, note)


async def _assign_exceptions(
    context: Context, parents: Roots, wanted: Wanted, ids: list[strawberry.ID], owner: str
) -> Roots:
    return await handling.assign(context, parents, wanted, ids, owner)


def _assigned(_: Context, __: int, ids: list[strawberry.ID], *___: object, **____: object) -> int:
    return len(ids)


@strawberry.type
class Mutation:
    """Everything that can be done."""

    submit_order: SubmissionPayload = batch(_submit_order)
    amend_order: SubmissionPayload = batch(_amend_order)
    cancel_order: SubmissionPayload = batch(_cancel_order)
    create_customer: SubmissionPayload = batch(_create_customer)
    retry_exception: ExceptionPayload = batch(
        _retry_exception,
        description="Runs the failed step again under the same key, with the corrections a person made.",
    )
    resolve_exception: ExceptionPayload = batch(_resolve_exception)
    assign_exceptions: list[ExceptionPayload] = batch(
        _assign_exceptions, most=_assigned, description="At most 100; more are refused together, with one payload."
    )
