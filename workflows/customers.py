"""Which customer of an ERP is meant: found by the references that records carry, or described for the ERP to create."""

from __future__ import annotations

import hashlib

from msgspec import Struct

from canonical.absence import known
from canonical.customer import Address, CustomerRecord
from canonical.errors import ProblemCategory, Refused
from canonical.intake import CustomerRequest
from canonical.joining import join_customers
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import CustomerSource, Lookup
from workflows.reach import Reach

_READ = Wanted.of("number", "name", "billing_address", "shipping_address", "contacts.email")


class Buyer(Struct, frozen=True, kw_only=True):
    """Who buys, as the CRM tells it; `crm_key` is None for a customer that only an ERP knows."""

    ref: Ref
    crm_key: str | None = None
    numbers: tuple[str, ...] = ()
    name: str | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    email: str | None = None

    @property
    def country(self) -> str | None:
        """The country of whom is shipped to where an order does not say."""
        address = self.shipping_address or self.billing_address
        return address.country if address else None


class Account(Struct, frozen=True):
    """A customer's key in one ERP; None where the ERP does not know it yet."""

    key: str | None


async def read_buyer(reach: Reach, call: Call, customer: Ref) -> Buyer:
    """Who is meant by a customer of any system; Refused when there is none."""
    crm = reach.landscape.crm
    if customer.system == crm:
        record = await _one(reach, call, customer)
        return _buyer(customer, record, customer.key)
    record = await _one(reach, call, customer)
    source = reach.system(crm, CustomerSource, "read customers")
    crm_key = next((key for partner in record.partner_keys if (key := source.named_customer(partner))), None)
    if crm_key is None:
        return _buyer(customer, record, None)
    return _buyer(customer, await _one(reach, call, Ref(crm, crm_key)), crm_key)


async def find_account(reach: Reach, call: Call, buyer: Buyer, erp: str) -> Account:
    """The customer of this ERP; Refused when two claim to be it."""
    if buyer.ref.system == erp:
        return Account(buyer.ref.key)
    if buyer.crm_key is None:
        return Account(None)
    books = reach.system(erp, CustomerSource, "read customers")
    crm = reach.system(reach.landscape.crm, CustomerSource, "read customers")
    lookup = Lookup(keys=buyer.numbers, partner_keys=(buyer.crm_key,), numbers=buyer.numbers)
    records = await books.fetch_customers(call, lookup, Wanted.of("number"))
    groups = join_customers(reach.landscape.crm, [], records, crm.named_customer)
    anchors = {record.ref: group.anchor for group in groups for record in group.accounts}
    # A number that was written back may be another ERP's: it counts only where no record names the CRM's.
    naming = [record for record in records if anchors[record.ref] == Ref(reach.landscape.crm, buyer.crm_key)]
    numbered = [record for record in records if anchors[record.ref] == record.ref and _numbered(record, buyer)]
    mine = naming or numbered
    if len(mine) > 1:
        keys = " and ".join(sorted(record.ref.key for record in mine))
        sentence = f"{erp} holds {keys} for the one customer {buyer.name or buyer.crm_key}. Keep one of them."
        raise Refused(erp, sentence, category=ProblemCategory.CONFLICT)
    return Account(mine[0].ref.key if mine else None)


def unknown_customer(buyer: Buyer, legal_entity: str, erp: str) -> Refused:
    """That an ERP does not know the customer, where it is not given customers by us."""
    name = buyer.name or "The customer"
    sentence = f"{name} is not known to the books of {legal_entity}, and is not created there by itself."
    return Refused(erp, sentence, category=ProblemCategory.CUSTOMER_MASTER)


def request_for(buyer: Buyer, legal_entity: str, currency: str) -> CustomerRequest:
    """What an ERP is given of a customer it does not know; Refused when too little is known."""
    if not buyer.name or buyer.billing_address is None or not buyer.billing_address.country:
        sentence = (
            f"{buyer.name or 'The customer'} is not known to the books of {legal_entity}, and its name or billing "
            "address is not complete in the CRM."
        )
        raise Refused(buyer.ref.system, sentence, category=ProblemCategory.CUSTOMER_MASTER)
    return CustomerRequest(
        reference=customer_reference(buyer.ref, legal_entity),
        legal_entity_code=legal_entity,
        name=buyer.name,
        currency_code=currency,
        billing_address=buyer.billing_address,
        crm_key=buyer.crm_key,
        shipping_address=buyer.shipping_address,
        email=buyer.email,
    )


def customer_reference(customer: Ref, legal_entity: str) -> str:
    """The one reference under which a customer is created in a company's books, whoever asks for it."""
    words = f"{customer.system}\x1f{customer.key}\x1f{legal_entity}"
    return "RGC" + hashlib.sha256(words.encode()).hexdigest()[:20].upper()


async def _one(reach: Reach, call: Call, customer: Ref) -> CustomerRecord:
    source = reach.system(customer.system, CustomerSource, "read customers")
    found = await source.fetch_customers(call, Lookup(keys=(customer.key,)), _READ)
    record = next((record for record in found if record.ref.key == customer.key), None)
    if record is None:
        sentence = f"There is no customer {customer.key} in {customer.system}."
        raise Refused(customer.system, sentence, category=ProblemCategory.CUSTOMER_MASTER)
    return record


def _buyer(ref: Ref, record: CustomerRecord, crm_key: str | None) -> Buyer:
    return Buyer(
        ref=ref,
        crm_key=crm_key,
        numbers=record.partner_keys if crm_key else (),
        name=known(record.name),
        billing_address=known(record.billing_address),
        shipping_address=known(record.shipping_address),
        email=_email(record),
    )


def _email(record: CustomerRecord) -> str | None:
    return next((contact.email for contact in known(record.contacts) or () if contact.email), None)


def _numbered(record: CustomerRecord, buyer: Buyer) -> bool:
    return bool({record.ref.key, known(record.number)} & set(buyer.numbers))
