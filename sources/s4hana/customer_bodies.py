"""New customers in SAP's words, as they are sent: a business partner with addresses, roles and books."""

from __future__ import annotations

from typing import Final

from canonical.errors import ProblemCategory
from canonical.intake import CustomerRequest
from sources.s4hana.mapping_masters import DEFAULT_USE, SHIPPING_USE
from sources.s4hana.selling import SalesArea
from sources.s4hana.sendable import Body, Sendable
from sources.s4hana.settings import Settings
from sources.s4hana.settings_intake import LENGTHS

ORGANIZATION: Final = "2"
"""BusinessPartnerCategory."""
NAME_PARTS: Final = 4
NAME_LENGTH: Final = 40
LONGEST_TAX_NUMBER: Final = 20


class CustomerBodies:
    """Writes customers for one system; what has no place there is Refused, never left out."""

    def __init__(self, system: str, settings: Settings) -> None:
        self._system, self._settings = system, settings
        self._sendable = Sendable(system, settings)

    def partner(self, request: CustomerRequest, area: SalesArea) -> Body:
        """A business partner with all that hangs on it, to be created in one piece."""
        settings = self._settings
        body: Body = {
            "BusinessPartnerCategory": ORGANIZATION,
            "BusinessPartnerGrouping": settings.partner_grouping,
            "CorrespondenceLanguage": settings.language,
            **self._name(request.name),
            **self._references(request),
            "to_BusinessPartnerAddress": self._addresses(request),
            "to_BusinessPartnerRole": [{"BusinessPartnerRole": role} for role in settings.partner_roles],
            "to_Customer": {
                "to_CustomerCompany": [self._company(area)],
                "to_CustomerSalesArea": [self._sales_area(request, area)],
            },
        }
        if request.tax_number:
            body["to_BusinessPartnerTax"] = [self._tax_number(request, request.tax_number)]
        return body

    def carriers(self, request: CustomerRequest) -> tuple[str, str | None]:
        """What the partner's own field carries, and what an identification of our type does.

        The field carries the CRM's key where there is one, since that is what joins the records; our reference goes to
        the identification then, where its type is configured: the key finds the customer again without it.
        """
        if request.crm_key:
            return request.crm_key, request.reference if self._settings.identification_type else None
        return request.reference, None

    def _references(self, request: CustomerRequest) -> Body:
        settings = self._settings
        own, identified = self.carriers(request)
        field = settings.customer_reference_field
        if len(own) > LENGTHS.get(field, len(own)) and settings.identification_type and identified is None:
            own, identified = "", own
        body = self._sendable.held(field, own, "the reference of a customer") if own else {}
        if identified is not None:
            kind = settings.identification_type
            body["to_BuPaIdentification"] = [{"BPIdentificationType": kind, "BPIdentificationNumber": identified}]
        return body

    def _name(self, name: str) -> Body:
        """The name in parts, cut between words where that can be."""
        left, parts = " ".join(name.split()), list[str]()
        while left:
            between = left.rfind(" ", 0, NAME_LENGTH + 1) if len(left) > NAME_LENGTH else len(left)
            cut = between if between > 0 else NAME_LENGTH
            parts.append(left[:cut])
            left = left[cut:].strip()
        if not parts or len(parts) > NAME_PARTS:
            raise self._sendable.refused(f"{self._system} takes names of up to {NAME_PARTS * NAME_LENGTH} characters.")
        return {f"OrganizationBPName{place}": part for place, part in enumerate(parts, start=1)}

    def _addresses(self, request: CustomerRequest) -> list[Body]:
        language = {"Language": self._settings.language}
        billing = {**self._sendable.postal(request.billing_address), **language}
        if not billing.get("Country"):
            raise self._sendable.refused("A customer's billing address needs its country.")
        if request.email:
            billing["to_EmailAddress"] = [{"EmailAddress": request.email}]
        shipping = request.shipping_address
        if shipping is None or shipping == request.billing_address:
            return [{**billing, "to_AddressUsage": _uses(DEFAULT_USE)}]
        other: Body = {**self._sendable.postal(shipping), **language, "to_AddressUsage": _uses(SHIPPING_USE)}
        return [{**billing, "to_AddressUsage": _uses(DEFAULT_USE)}, other]

    def _company(self, area: SalesArea) -> Body:
        accounts, terms = self._settings.reconciliation_accounts, self._settings.customer_payment_terms
        account = accounts.get(area.company) or accounts.get("*")
        body: Body = {"CompanyCode": area.company}
        body |= {"ReconciliationAccount": account} if account else {}
        return body | ({"PaymentTerms": terms} if terms else {})

    def _sales_area(self, request: CustomerRequest, area: SalesArea) -> Body:
        terms, taxes = self._settings.customer_payment_terms, self._settings.tax_classifications
        body: Body = {
            "SalesOrganization": area.organization,
            "DistributionChannel": area.channel,
            "Division": area.division,
            "Currency": request.currency_code,
        }
        body |= {"CustomerPaymentTerms": terms} if terms else {}
        if taxes and area.country:
            body["to_SalesAreaTax"] = [
                {"DepartureCountry": area.country, "CustomerTaxCategory": name, "CustomerTaxClassification": letter}
                for name, letter in taxes.items()
            ]
        return body

    def _tax_number(self, request: CustomerRequest, number: str) -> Body:
        country = request.billing_address.country or ""
        kind = self._settings.tax_number_types.get(country, f"{country}0")
        if len(number) > LONGEST_TAX_NUMBER:
            sentence = f"The tax number {number!r} is longer than {self._system} takes."
            raise self._sendable.refused(sentence, ProblemCategory.TAX)
        return {"BPTaxType": kind, "BPTaxNumber": number}


def _uses(*names: str) -> list[Body]:
    return [{"AddressUsage": name} for name in names]
