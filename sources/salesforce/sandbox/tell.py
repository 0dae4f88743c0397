"""The pretend company's story as this org holds it: what sales people know, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sources.kit.sandbox.story import Buyer, Deal, Offer, Place, Sold, Story
from sources.kit.sandbox.sums import priced
from sources.salesforce.sandbox.ids import id18
from sources.salesforce.sandbox.objects import standard_objects
from sources.salesforce.sandbox.org import STANDARD_PRICEBOOK_ID

Row = dict[str, object]
Rows = dict[str, list[Mapping[str, object]]]

_ORG = "5g0"
_SINCE = timedelta(days=900)
_RAMP_MONTHS = 36
_MORE_MONTHS = 12
_DEALINGS = ("Account", "Contact", "Opportunity", "Contract", "Quote", "QuoteLineItem", "Order", "OrderItem")
_ORDER_HAS_ENTITY = next(one for one in standard_objects() if one.name == "Order").field("Legal_Entity__c") is not None


def tell(story: Story, instance: str) -> Rows:
    """The org's rows by object; nothing for an instance that is not the story's CRM.

    Prices stand in the standard price book that every org is born with.
    Orders carry the ERP's numbers only where these were written back (several joined by ';').
    """
    if instance != story.crm_instance:
        return {}
    rows: Rows = {name: [] for name in ("Product2", "PricebookEntry", *_DEALINGS)}
    entries = _catalogue(story, rows)
    for buyer in story.buyers.values():
        if buyer.crm_key:
            _account(story, buyer, buyer.crm_key, rows)
    for place, deal in enumerate(story.deals, 1):
        if deal.crm_key:
            _DealTeller(story, deal, deal.crm_key, place, entries, rows).tell()
    return rows


def tell_deal(story: Story, deal: Deal, place: int) -> Rows:
    """The rows of one deal and of its customer, the parents first; `place` is the deal's in the story, from 1."""
    rows: Rows = {name: [] for name in _DEALINGS}
    buyer = story.buyers[deal.buyer]
    if buyer.crm_key and deal.crm_key:
        _account(story, buyer, buyer.crm_key, rows)
        entries = _catalogue(story, {"Product2": [], "PricebookEntry": []})
        _DealTeller(story, deal, deal.crm_key, place, entries, rows).tell()
    return rows


def _catalogue(story: Story, rows: Rows) -> dict[tuple[str, str], str]:
    """Tells products and prices; answers the price book entries' ids by sku and currency."""
    long_ago = story.told_on - _SINCE
    stamps = {"CreatedDate": long_ago}
    entries: dict[tuple[str, str], str] = {}
    for article in story.articles.values():
        rows["Product2"].append(
            {"Id": article.crm_key, "Name": article.name, "ProductCode": article.sku, "IsActive": article.active}
            | {"StockKeepingUnit": article.sku, "Family": "Services" if article.service else "Equipment", **stamps}
            | {"QuantityUnitOfMeasure": "Each"}
        )
        for currency, price in article.prices.items():
            entry = id18(f"01u{_ORG}{len(entries) + 1:09d}")
            entries[article.sku, currency] = entry
            rows["PricebookEntry"].append(
                {"Id": entry, "Pricebook2Id": STANDARD_PRICEBOOK_ID, "Product2Id": article.crm_key, "UnitPrice": price}
                | {"IsActive": article.active, "CurrencyIsoCode": currency, **stamps}
                | {"Name": article.name, "ProductCode": article.sku}
            )
    return entries


def _account(story: Story, buyer: Buyer, key: str, rows: Rows) -> None:
    parent = story.buyers[buyer.parent].crm_key if buyer.parent else None
    home = {entity.instance: entity.currency for entity in story.entities}
    currency = home[buyer.accounts[0].instance] if buyer.accounts else story.entities[0].currency
    rows["Account"].append(
        {"Id": key, "Name": buyer.name, "AccountNumber": buyer.number, "Type": "Customer", "ParentId": parent}
        | {**_address("Billing", buyer.billing), **_address("Shipping", buyer.shipping), "CurrencyIsoCode": currency}
        | {"Phone": buyer.people[0].phone if buyer.people else None, "CreatedDate": buyer.created_at}
        | {"ERP_Customer_Number__c": ";".join(account.number for account in buyer.accounts) or None}
    )
    for person in buyer.people:
        rows["Contact"].append(
            {"Id": person.key, "AccountId": key, "FirstName": person.first_name, "LastName": person.last_name}
            | {"Name": f"{person.first_name} {person.last_name}", "Title": person.role, "Email": person.email}
            | {"Phone": person.phone, "CreatedDate": buyer.created_at, "CurrencyIsoCode": currency}
        )


def _address(prefix: str, place: Place) -> Row:
    return {
        f"{prefix}Street": place.street,
        f"{prefix}City": place.city,
        f"{prefix}State": place.region,
        f"{prefix}PostalCode": place.postal_code,
        f"{prefix}Country": place.country,
    }


class _DealTeller:
    def __init__(
        self, story: Story, deal: Deal, key: str, place: int, entries: dict[tuple[str, str], str], rows: Rows
    ) -> None:
        self.story = story
        self.deal = deal
        self.key = key
        self.place = place
        self.entries = entries
        self.rows = rows
        self.buyer = story.buyers[deal.buyer]
        self.net = sum((priced(line, line.quantity).net for line in deal.lines), Decimal("0.00"))
        self.tax = sum((priced(line, line.quantity).tax for line in deal.lines), Decimal("0.00"))
        self.money = {"CurrencyIsoCode": deal.currency}
        self.contract = id18(f"800{_ORG}{place:09d}") if any(line.segment for line in deal.lines) else None

    def tell(self) -> None:
        if self.deal.opportunity_key:
            self.rows["Opportunity"].append(self._opportunity(self.deal.opportunity_key))
        if self.contract:
            self.rows["Contract"].append(self._contract(self.contract))
        if self.deal.offer:
            self._quote(self.deal.offer)
        self.rows["Order"].append(self._order())
        self.rows["OrderItem"] += [self._item(place, line) for place, line in enumerate(self.deal.lines)]

    def _opportunity(self, key: str) -> Row:
        deal = self.deal
        lost, won = deal.crm_status == "Canceled" and not deal.bookings, deal.activated_at is not None
        stage = "Closed Lost" if lost else "Closed Won" if won else "Negotiation/Review"
        closed = deal.activated_at or deal.created_at + timedelta(days=30)
        return {
            "Id": key,
            "Name": f"{self.buyer.name.split()[0]}: {deal.opportunity_name}",
            "AccountId": self.buyer.crm_key,
            "StageName": stage,
            "IsClosed": lost or won,
            "IsWon": won and not lost,
            "Probability": {"Closed Won": 100, "Closed Lost": 0}.get(stage, 80),
            "Amount": self.net,
            "CloseDate": closed.date(),
            "SyncedQuoteId": deal.offer.crm_key if deal.offer else None,
            "Pricebook2Id": STANDARD_PRICEBOOK_ID,
            "ContractId": self.contract,
            "CreatedDate": min(deal.created_at, deal.offer.created_at) if deal.offer else deal.created_at,
            "LastModifiedDate": deal.activated_at or deal.created_at,
            **self.money,
        }

    def _contract(self, key: str) -> Row:
        starts = min(line.starts_on for line in self.deal.lines if line.starts_on)
        amended = self.deal.contract_amended
        return {
            "Id": key,
            "ContractNumber": f"{self.place:08d}",
            "AccountId": self.buyer.crm_key,
            "Status": "Activated" if self.deal.activated_at else "Draft",
            "StartDate": starts,
            "ContractTerm": _RAMP_MONTHS + _MORE_MONTHS * len(amended),
            "Amended_At__c": amended[-1] if amended else None,
            "ActivatedDate": self.deal.activated_at,
            "CreatedDate": self.deal.created_at,
            **self.money,
        }

    def _quote(self, offer: Offer) -> None:
        changed = offer.accepted_at or offer.approved_at or offer.created_at
        self.rows["Quote"].append(
            {"Id": offer.crm_key, "Name": self.deal.opportunity_name, "QuoteNumber": offer.number}
            | {"OpportunityId": self.deal.opportunity_key, "AccountId": self.buyer.crm_key, "Status": offer.status}
            | {"ContactId": self._contact(), "Pricebook2Id": STANDARD_PRICEBOOK_ID, "ExpirationDate": offer.expires_on}
            | {"Subtotal": self.net, "TotalPrice": self.net, "Tax": self.tax, "GrandTotal": self.net + self.tax}
            | {"Discount": 0, "Approved_At__c": offer.approved_at, "Accepted_At__c": offer.accepted_at, **self.money}
            | {"CreatedDate": offer.created_at, "LastModifiedDate": changed}
        )
        for place, line in enumerate(self.deal.lines):
            amount = priced(line, line.quantity).net
            number = f"{self.place * 100 + place:08d}"
            self.rows["QuoteLineItem"].append(
                {"Id": offer.line_keys[place], "QuoteId": offer.crm_key, "LineNumber": number}
                | {**self._sold(line, amount), "Subtotal": amount, "Discount": 0, "SortOrder": place + 1}
                | {"CreatedDate": offer.created_at}
            )

    def _order(self) -> Row:
        deal = self.deal
        first_date = (deal.activated_at or deal.created_at).date()
        row: Row = {
            "Id": self.key,
            "OrderNumber": deal.crm_number,
            "Name": deal.opportunity_name,
            "AccountId": self.buyer.crm_key,
            "EffectiveDate": first_date,
            "Status": deal.crm_status,
            "StatusCode": deal.crm_status,
            "Type": "New",
            "OpportunityId": deal.opportunity_key,
            "QuoteId": deal.offer.crm_key if deal.offer else None,
            "ContractId": self.contract,
            "Pricebook2Id": STANDARD_PRICEBOOK_ID,
            "PoNumber": deal.purchase_order,
            "PoDate": deal.created_at.date() if deal.purchase_order else None,
            "BillToContactId": self._contact(),
            "ShipToContactId": self._contact(),
            **_address("Billing", self.buyer.billing),
            **_address("Shipping", self.buyer.shipping),
            "TotalAmount": self.net,
            "ActivatedDate": deal.activated_at,
            "Requested_Date__c": deal.requested_on,
            "Cancelled_At__c": deal.cancelled_at,
            "CreatedDate": deal.created_at,
            "LastModifiedDate": self._last_change(),
            **self.money,
            **self._written_back(),
        }
        entities = {line.entity for line in deal.lines}
        if _ORDER_HAS_ENTITY and len(entities) == 1:
            row["Legal_Entity__c"] = entities.pop()
        return row

    def _written_back(self) -> Row:
        known = [b.number for b in self.deal.bookings if b.known_to_crm] if self.deal.written_back else []
        return {"ERP_Order_Number__c": ";".join(known) or None, "ERP_Status__c": "Booked" if known else None}

    def _last_change(self) -> datetime:
        deal = self.deal
        booked: Sequence[datetime] = [b.booked_at for b in deal.bookings if b.known_to_crm] if deal.written_back else []
        written = [at + timedelta(seconds=4) for at in booked]
        return max(one for one in (deal.created_at, deal.activated_at, deal.cancelled_at, *written) if one)

    def _item(self, place: int, line: Sold) -> Row:
        amount = priced(line, line.quantity).net
        parent = next((other.crm_key for other in self.deal.lines if other.number == line.parent), None)
        offer = self.deal.offer
        return self._sold(line, amount) | {
            "Id": line.crm_key,
            "OrderId": self.key,
            "OrderItemNumber": f"{self.place * 100 + place:010d}",
            "AvailableQuantity": line.quantity,
            "EndDate": line.ends_on,
            "QuoteLineItemId": offer.line_keys[place] if offer else None,
            "Line_Number__c": line.number,
            "Segment__c": line.segment,
            "Parent_Item__c": parent,
            "Legal_Entity__c": line.entity,
            "Tax_Rate__c": line.tax_rate,
            "CreatedDate": self.deal.created_at,
        }

    def _sold(self, line: Sold, amount: Decimal) -> Row:
        article = self.story.articles[line.sku]
        return {
            "PricebookEntryId": self.entries[line.sku, self.deal.currency],
            "Product2Id": article.crm_key,
            "Quantity": line.quantity,
            "UnitPrice": line.unit_price,
            "ListPrice": article.prices[self.deal.currency],
            "TotalPrice": amount,
            "ServiceDate": line.starts_on,
            "Description": article.name,
            **self.money,
        }

    def _contact(self) -> str | None:
        return self.buyer.people[0].key if self.buyer.people else None
