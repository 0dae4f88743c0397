"""Tells the CRM of the customers that a submission has created in ERPs; nothing waits for that."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from canonical.errors import Outcome
from canonical.intake import CustomerAcknowledgment, CustomerRequest
from canonical.refs import Ref
from canonical.submission import StepState
from sources.intake import CustomerWriteBack
from workflows import effects
from workflows.announcing import ACCOUNT_STEP
from workflows.effects import Effect, EffectKind, EffectState
from workflows.exception_queue import Cause
from workflows.journal import Place
from workflows.round import Ending, Round
from workflows.telling_numbers import AccountTold

POSITION: Final = 95


async def tell_accounts(round_: Round, ending: Ending) -> Ending:
    """The same ending; the CRM's accounts carry the numbers of what was created for them, if they can be told.

    Whoever is told last of all is the one who waits least for it: where the submission is not at its end, not yet.
    """
    if ending.resume_in is not None:
        return ending
    created = await round_.held(EffectKind.CREATE_CUSTOMER)
    for effect in created:
        crm_key = effect.read_request(CustomerRequest).crm_key
        if effect.state is EffectState.DONE and crm_key is not None:
            cause = await _tell(round_, effect, crm_key)
            ending = ending if cause is None else _with(ending, cause)
    return ending


async def _tell(round_: Round, created: Effect, crm_key: str) -> Cause | None:
    crm = round_.shop.landscape.crm
    place = Place(ACCOUNT_STEP, POSITION, created.leg, crm, created.legal_entity)
    if round_.shop.systems.get(crm, CustomerWriteBack) is None:
        await round_.tell_of(place, StepState.SKIPPED, f"{crm} is not set up to be told of customers' numbers.")
        return None
    customer = created.read_answer(CustomerAcknowledgment)
    number = customer.number or customer.customer.key
    telling = Effect(
        reference=f"told:{created.reference}",
        submission_id=round_.taken.id,
        kind=EffectKind.WRITE_BACK_CUSTOMER,
        leg=created.leg,
        system=crm,
        legal_entity=created.legal_entity,
        request=AccountTold(crm_key, created.system, (number,)),
    )
    async with round_.shop.store.transaction() as transaction:
        await effects.plan_again(transaction, telling)
    done = await round_.effect(place, telling)
    if done.state is EffectState.DONE:
        await round_.tell(place, StepState.DONE, f"{crm} knows it as {number} of {created.system}.", done.attempts)
        return None
    problem = round_.of(done.problem or round_.internal())
    await round_.tell(place, StepState.FAILED, problem.message, done.attempts)
    problem = replace(problem, outcome=Outcome.APPLIED, blocking=False, field=())
    return Cause(place=place.key, problem=problem, subject=("Customer", Ref(crm, crm_key)))


def _with(ending: Ending, cause: Cause) -> Ending:
    return Ending(state=ending.state, problems=(*ending.problems, cause.problem), causes=(*ending.causes, cause))
