"""Creates a customer in the books of a legal entity: never a second one for a record of the CRM."""

from __future__ import annotations

from typing import Final

from canonical.errors import Mistake, ProblemCategory
from canonical.intake import CustomerRequest
from canonical.intent import CreateCustomer
from canonical.problem import Problem, of_mistake
from canonical.refs import Ref
from canonical.submission import StepState, SubmissionState
from workflows import ledger
from workflows.accounts import create_customer
from workflows.customers import Account, Buyer, customer_reference, find_account, read_buyer
from workflows.journal import Place
from workflows.round import Ending, Round, run_round
from workflows.telling_accounts import tell_accounts
from workflows.workshop import Workshop

CUSTOMER: Final = Place("customer", 10, field=("source",))
POSITION: Final = 30


async def onboard_customer(shop: Workshop, argument: str) -> None:
    """Run one round of a submission of this kind."""
    await run_round(shop, argument, _onboard)


async def _onboard(round_: Round) -> Ending:
    asked = round_.taken.input
    if not isinstance(asked, CreateCustomer):
        raise TypeError(f"{round_.taken.id} is not a new customer.")
    erp = _erp(round_, asked)
    place = Place("account", POSITION, 0, erp, asked.legal_entity)
    key = await _known(round_, asked, place) if asked.source else None
    if key is None:
        request = _request(round_, asked)
        onboarding = place._replace(name="onboarding", position=POSITION + 1)
        key = (await create_customer(round_, request, onboarding)).customer.key
    await _know(round_, asked, Ref(erp, key))
    return await tell_accounts(round_, Ending(state=SubmissionState.COMPLETED))


def _erp(round_: Round, asked: CreateCustomer) -> str:
    try:
        entity = round_.shop.landscape.entity(asked.legal_entity)
    except Mistake as mistake:
        raise round_.refused(CUSTOMER, [of_mistake(mistake, "", ("legal_entity",))]) from None
    rights = round_.taken.rights.legal_entities
    if rights is not None and entity.code not in rights:
        sentence = f"Your access does not include the books of {entity.code}."
        problem = Problem(code="FORBIDDEN", category=ProblemCategory.PERMISSION, message=sentence)
        raise round_.refused(CUSTOMER, [problem])
    return entity.erp or ""


async def _known(round_: Round, asked: CreateCustomer, place: Place) -> str | None:
    """The key of a customer that the ERP has for this record of the CRM already."""
    source, erp = asked.source or Ref("", ""), place.system or ""
    buyer = await round_.step(
        CUSTOMER,
        Buyer,
        lambda call: read_buyer(round_.shop, call, source),
        lambda found: found.name or found.ref.key,
    )
    found = await round_.step(
        place,
        Account,
        lambda call: find_account(round_.shop, call, buyer, erp),
        lambda account: f"It is there already: {account.key}." if account.key else f"{erp} does not know it yet.",
    )
    if found.key is not None:
        await round_.tell(place, StepState.DONE, f"It is there already: {found.key}.")
    return found.key


def _request(round_: Round, asked: CreateCustomer) -> CustomerRequest:
    reference = round_.taken.external_reference
    if asked.source is not None:
        reference = customer_reference(asked.source, asked.legal_entity)
    from_crm = asked.source is not None and asked.source.system == round_.shop.landscape.crm
    return CustomerRequest(
        reference=reference,
        legal_entity_code=asked.legal_entity,
        name=asked.name,
        currency_code=asked.currency_code,
        billing_address=asked.billing_address,
        crm_key=asked.source.key if asked.source and from_crm else None,
        email=asked.email,
        tax_number=asked.tax_number,
    )


async def _know(round_: Round, asked: CreateCustomer, created: Ref) -> None:
    crm = round_.shop.landscape.crm
    from_crm = asked.source if asked.source and asked.source.system == crm else None
    async with round_.shop.store.transaction() as transaction:
        await ledger.know(
            transaction,
            round_.taken.id,
            legal_entities=[asked.legal_entity],
            crm_customer_key=from_crm.key if from_crm else None,
            customer=from_crm or created,
        )
