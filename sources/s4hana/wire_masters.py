"""What we read of SAP's customers, products and credit accounts, under SAP's names."""

from __future__ import annotations

from msgspec import Struct, field

from sources.kit.odata.payload import Expanded
from sources.s4hana.wire import PostalAddress


class AddressUsage(Struct, frozen=True):
    """What an address is used for."""

    AddressUsage: str = ""


class PartnerAddress(PostalAddress, frozen=True, kw_only=True):
    """An address of a business partner."""

    to_AddressUsage: Expanded[AddressUsage] = field(default_factory=Expanded)


class CustomerCompany(Struct, frozen=True, kw_only=True):
    """A customer in the books of one company code."""

    CompanyCode: str
    PaymentTerms: str | None = None


class CustomerSalesArea(Struct, frozen=True, kw_only=True):
    """A customer of one sales organization."""

    SalesOrganization: str
    Currency: str | None = None
    CustomerPaymentTerms: str | None = None


class CustomerRole(Struct, frozen=True, kw_only=True):
    """A business partner's role as customer."""

    Customer: str
    to_CustomerCompany: Expanded[CustomerCompany] = field(default_factory=Expanded)
    to_CustomerSalesArea: Expanded[CustomerSalesArea] = field(default_factory=Expanded)


class BusinessPartner(Struct, frozen=True, kw_only=True):
    """A business partner; `Customer` is empty where it is none."""

    BusinessPartner: str
    Customer: str | None = None
    BusinessPartnerFullName: str | None = None
    OrganizationBPName1: str | None = None
    BusinessPartnerIDByExtSystem: str | None = None
    SearchTerm1: str | None = None
    SearchTerm2: str | None = None
    LastChangeDate: str | None = None
    LastChangeTime: str | None = None
    CreationDate: str | None = None
    to_Customer: CustomerRole | None = None
    to_BusinessPartnerAddress: Expanded[PartnerAddress] = field(default_factory=Expanded)


class ProductDescription(Struct, frozen=True, kw_only=True):
    """A product's name in one language."""

    Product: str = ""
    Language: str
    ProductDescription: str = ""


class Product(Struct, frozen=True, kw_only=True):
    """A product, whatever sales organization sells it."""

    Product: str
    BaseUnit: str | None = None
    CrossPlantStatus: str | None = None
    IsMarkedForDeletion: bool | None = None
    to_Description: Expanded[ProductDescription] = field(default_factory=Expanded)


class CreditAccount(Struct, frozen=True, kw_only=True):
    """A business partner's credit in one credit segment."""

    BusinessPartner: str
    CreditSegment: str = ""
    CreditLimitAmount: str | None = None
    CreditSegmentCurrency: str | None = None
    CreditAccountIsBlocked: bool | None = None
    CreditLimitIsZero: bool | None = None
