"""The customer's account in the books of a legal entity: found, or created there once."""

from __future__ import annotations

from canonical.intake import CustomerAcknowledgment, CustomerRequest
from canonical.problem import of_fault
from canonical.submission import StepState, SubmissionState
from workflows.customers import Account, Buyer, find_account, request_for, unknown_customer
from workflows.effects import Effect, EffectKind, EffectState
from workflows.exception_queue import Cause
from workflows.journal import Place
from workflows.performing import Performed
from workflows.round import Ending, Round, StoppedError


async def account_in(round_: Round, buyer: Buyer, place: Place, currency: str) -> str:
    """The customer's key in the ERP of this place; created there where the landscape lets us."""
    erp, entity = place.system or "", place.legal_entity or ""
    found = await round_.step(
        place,
        Account,
        lambda call: find_account(round_.shop, call, buyer, erp),
        lambda account: f"Customer {account.key}" if account.key else f"{erp} does not know the customer yet.",
    )
    if found.key is not None:
        return found.key
    if not round_.shop.landscape.rules.orders.onboarding:
        unknown = unknown_customer(buyer, entity, erp)
        raise round_.refused(place, [of_fault(unknown, round_.taken.correlation_id)])
    onboarding = place._replace(name="onboarding", position=place.position + 1)
    request = await round_.step(
        onboarding,
        CustomerRequest,
        lambda _: _described(buyer, entity, currency),
        lambda asked: f"{asked.name} is to be created in {erp}.",
    )
    return (await create_customer(round_, request, onboarding)).customer.key


async def _described(buyer: Buyer, entity: str, currency: str) -> CustomerRequest:
    return request_for(buyer, entity, currency)


async def create_customer(round_: Round, request: CustomerRequest, place: Place) -> CustomerAcknowledgment:
    """The customer, created once whoever asks for it; StoppedError where it is not to be had."""
    effect = Effect(
        reference=request.reference,
        submission_id=round_.taken.id,
        kind=EffectKind.CREATE_CUSTOMER,
        leg=place.leg,
        system=place.system or "",
        legal_entity=request.legal_entity_code,
        request=request,
    )
    await round_.plan(effect)
    done = await round_.effect(place, effect)
    if done.state is not EffectState.DONE:
        raise StoppedError(await ending_of(round_, place, done))
    created = done.read(CustomerAcknowledgment)
    number = created.number or created.customer.key
    await round_.tell(place, StepState.DONE, f"Customer {number} in {place.system}", done.attempts)
    return created


async def ending_of(round_: Round, place: Place, done: Performed) -> Ending:
    """Where an effect that was not done leaves a submission for which nothing else was."""
    problem = round_.of(done.problem or round_.internal())
    await round_.tell(place, StepState.FAILED, problem.message, done.attempts)
    if done.state is not EffectState.UNCERTAIN:
        return round_.ending_of(place, problem)
    cause = Cause(place=place.key, problem=problem)
    resume_in = round_.shop.pace.resume_after
    return Ending(state=SubmissionState.UNCERTAIN, problems=(problem,), causes=(cause,), resume_in=resume_in)
