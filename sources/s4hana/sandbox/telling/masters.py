"""Business partners with their customer roles and credit accounts, and materials."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sources.kit.sandbox.story import Article, Buyer, Entity, ErpAccount, Place
from sources.s4hana.sandbox.telling.addresses import halves, postal
from sources.s4hana.sandbox.telling.part import CHANNEL, DIVISION, EFFORT, PIECE, Part, terms_code

_NAME_LENGTH = 40
_FOREVER = date(9999, 12, 31)
_SINCE = date(2019, 1, 1)
_SEGMENT = "0000"
_EXTERNAL_ID = "ZCRM"


def tell_masters(part: Part) -> None:
    """The rows of every customer with an account here, and of every material."""
    tell_customers(part)
    for article in part.story.articles.values():
        _material(part, article)
    _taxes(part)


def tell_customers(part: Part) -> None:
    """The rows of every customer with an account here."""
    for buyer in part.story.buyers.values():
        for account in buyer.accounts:
            if account.instance == part.instance:
                _partner(part, buyer, account)


def _partner(part: Part, buyer: Buyer, account: ErpAccount) -> None:
    number, name, created = account.number, part.name_of(buyer), buyer.created_at.date()
    rows, key = part.rows, {"BusinessPartner": account.number}
    first, second = halves(name)
    rows["A_BusinessPartner"].append(
        {**key, "Customer": number, "BusinessPartnerCategory": "2", "BusinessPartnerGrouping": "BP02"}
        | {"BusinessPartnerFullName": name[:81], "BusinessPartnerName": name[:81]}
        | {"OrganizationBPName1": first, "OrganizationBPName2": second}
        | {"SearchTerm1": name.split()[0].upper()[:20], "Language": "EN", "CorrespondenceLanguage": "EN"}
        | {"CreationDate": created, "LastChangeDate": created, "BusinessPartnerIDByExtSystem": buyer.crm_key or ""}
    )
    if buyer.crm_key:
        idents = {"BPIdentificationType": _EXTERNAL_ID, "BPIdentificationNumber": buyer.crm_key}
        rows["A_BuPaIdentification"].append({**key, **idents})
    rows["A_BusinessPartnerRole"] += [{**key, "BusinessPartnerRole": role} for role in ("FLCU00", "FLCU01")]
    _addresses(part, buyer, number)
    rows["A_Customer"].append(
        {"Customer": number, "CustomerName": name[:80], "CustomerFullName": name, "CreationDate": created}
        | {"CustomerAccountGroup": "CUST"}
    )
    for entity in part.entities.values():
        _customer_at(part, account, entity)


def _customer_at(part: Part, account: ErpAccount, entity: Entity) -> None:
    terms = terms_code(account.payment_days)
    part.rows["A_CustomerCompany"].append(
        {"Customer": account.number, "CompanyCode": entity.codes["company_code"], "PaymentTerms": terms}
        | {"ReconciliationAccount": "12100000", "CustomerAccountGroup": "CUST"}
    )
    organization = entity.codes["sales_organization"]
    area = {"SalesOrganization": organization, "DistributionChannel": CHANNEL, "Division": DIVISION}
    part.rows["A_CustomerSalesArea"].append(
        {"Customer": account.number, **area, "Currency": entity.currency, "CustomerPaymentTerms": terms}
        | {"ShippingCondition": "01", "PartialDeliveryIsAllowed": "", "CustomerAccountGroup": "CUST"}
    )
    if account.credit_limit is not None:
        key = {"BusinessPartner": account.number}
        part.rows["CreditMgmtBusinessPartner"].append({**key, "CreditRiskClass": "B", "CreditCheckRule": "01"})
        part.rows["CreditManagementAccount"].append(
            {**key, "CreditSegment": _SEGMENT, "CreditLimitAmount": account.credit_limit}
            | {"CreditSegmentCurrency": entity.currency, "CreditAccountIsBlocked": account.on_hold}
            | {"CreditLimitIsZero": account.credit_limit == 0, "CreditLimitValidityEndDate": _FOREVER}
        )


def _addresses(part: Part, buyer: Buyer, number: str) -> None:
    same = buyer.shipping == buyer.billing
    places: list[tuple[str, Place, tuple[str, ...]]] = [("1", buyer.billing, ("XXDEFAULT", "BILL_TO"))]
    if not same:
        places.append(("2", buyer.shipping, ("SHIP_TO",)))
    for digit, place, usages in places:
        address = f"{digit}{int(number) % 10**8:08d}"
        key = {"BusinessPartner": number, "AddressID": address}
        validity = {"ValidityStartDate": _SINCE, "ValidityEndDate": _FOREVER}
        part.rows["A_BusinessPartnerAddress"].append({**key, **postal(place), "Language": "EN", **validity})
        part.rows["A_BuPaAddressUsage"] += [
            {**key, "AddressUsage": usage, **validity} for usage in (*usages, *(("SHIP_TO",) if same else ()))
        ]
        if digit == "1" and buyer.people:
            way = {"AddressID": address, "Person": "", "OrdinalNumber": "1"}
            part.rows["A_AddressEmailAddress"].append(
                {**way, "EmailAddress": buyer.people[0].email, "IsDefaultEmailAddress": True}
            )
            phone = {"PhoneNumber": buyer.people[0].phone, "IsDefaultPhoneNumber": True, "PhoneNumberType": "1"}
            part.rows["A_AddressPhoneNumber"].append({**way, **phone, "DestinationLocationCountry": place.country})


def _material(part: Part, article: Article) -> None:
    unit = EFFORT if article.service else PIECE
    key = {"Product": article.sku}
    part.rows["A_Product"].append(
        {**key, "ProductType": "SERV" if article.service else "FERT", "BaseUnit": unit.shown, "ProductGroup": "01"}
        | {"CrossPlantStatus": "" if article.active else "02", "IsMarkedForDeletion": False, "CreationDate": _SINCE}
        | {"LastChangeDate": _SINCE, "LastChangeDateTime": part.story.told_on, "Division": DIVISION}
    )
    part.rows["A_ProductDescription"].append(
        {**key, "Language": "EN", "ProductDescription": article.name[:_NAME_LENGTH]}
    )
    part.rows["PRICE_LIST"] += [
        {"Material": article.sku, "ConditionCurrency": currency, "ConditionRateValue": price}
        for currency, price in article.prices.items()
    ]
    for entity in part.entities.values():
        organization = {"ProductSalesOrg": entity.codes["sales_organization"], "ProductDistributionChnl": CHANNEL}
        part.rows["A_ProductSalesDelivery"].append({**key, **organization, "BaseUnit": unit.shown})
        plant = {"Plant": entity.codes["company_code"], "BaseUnit": unit.shown}
        part.rows["A_ProductPlant"].append({**key, **plant, "AvailabilityCheckType": "" if article.service else "SR"})


def _taxes(part: Part) -> None:
    """The highest rate that an entity's own sales were taxed with: what customers of its country pay."""
    for entity in part.entities.values():
        rates = [line.tax_rate for deal in part.story.deals for line in deal.lines if line.entity == entity.code]
        rate = {"Country": entity.country, "ConditionRateValue": max(rates, default=Decimal(0)) * 100}
        part.rows["TAX_RATE"].append({"SalesOrganization": entity.codes["sales_organization"], **rate})
