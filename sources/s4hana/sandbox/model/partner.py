"""Business partners with addresses, roles, tax numbers and the customer role."""

from __future__ import annotations

from typing import Final

from sources.s4hana.sandbox.model.edm import Service
from sources.s4hana.sandbox.model.notation import entity

BUSINESS_PARTNER: Final = Service(
    "API_BUSINESS_PARTNER",
    "0001",
    (
        entity(
            "A_BusinessPartner",
            """
            BusinessPartner:a10* Customer:a10~# Supplier:a10~ BusinessPartnerCategory:t1
            BusinessPartnerFullName:t81~ BusinessPartnerGrouping:t4 BusinessPartnerName:t81~
            BusinessPartnerUUID:guid~ CorrespondenceLanguage:t2 CreatedByUser:t12~ CreationDate:day~
            CreationTime:clock~ FirstName:t40 FormOfAddress:t4 Industry:t10 Language:t2
            LastChangeDate:day~ LastChangeTime:clock~ LastChangedByUser:t12~ LastName:t40 LegalForm:t2
            OrganizationBPName1:t40 OrganizationBPName2:t40 OrganizationBPName3:t40
            OrganizationBPName4:t40 SearchTerm1:t20 SearchTerm2:t20
            BusinessPartnerIsBlocked:flag BusinessPartnerType:t4 ETag:t26~ PersonFullName:t80
            PersonNumber:a10~ IsMarkedForArchiving:flag BusinessPartnerIDByExtSystem:t20#
            TradingPartner:t6
            """,
            "to_BusinessPartnerAddress:* A_BusinessPartnerAddress BusinessPartner",
            "to_BusinessPartnerRole:* A_BusinessPartnerRole BusinessPartner",
            "to_BusinessPartnerTax:* A_BusinessPartnerTaxNumber BusinessPartner",
            "to_BuPaIdentification:* A_BuPaIdentification BusinessPartner",
            "to_BusinessPartnerContact:* A_BusinessPartnerContact BusinessPartner=BusinessPartnerCompany",
            "to_Customer:? A_Customer Customer",
        ),
        entity(
            "A_BusinessPartnerAddress",
            """
            BusinessPartner:a10* AddressID:a10* ValidityStartDate:moment0 ValidityEndDate:moment0
            AuthorizationGroup:t4 AddressUUID:guid~ AdditionalStreetPrefixName:t40
            AdditionalStreetSuffixName:t40 AddressTimeZone:t6 CareOfName:t40 CityCode:t12 CityName:t40
            CompanyPostalCode:t10 Country:t3 County:t40 DeliveryServiceNumber:t10
            DeliveryServiceTypeCode:t4 District:t40 FormOfAddress:t4~ FullName:t80~ HomeCityName:t40
            HouseNumber:t10 HouseNumberSupplementText:t10 Language:t2 POBox:t10
            POBoxDeviatingCityName:t40 POBoxDeviatingCountry:t3 POBoxDeviatingRegion:t3
            POBoxIsWithoutNumber:flag POBoxLobbyName:t40 POBoxPostalCode:t10 Person:a10~ PostalCode:t10
            PrfrdCommMediumType:t3 Region:t3 StreetName:t60 StreetPrefixName:t40 StreetSuffixName:t40
            TaxJurisdiction:t15 TransportZone:t10 AddressIDByExternalSystem:t20
            """,
            "to_AddressUsage:* A_BuPaAddressUsage BusinessPartner,AddressID",
            "to_EmailAddress:* A_AddressEmailAddress AddressID,Person",
            "to_PhoneNumber:* A_AddressPhoneNumber AddressID,Person",
        ),
        entity(
            "A_BuPaAddressUsage",
            """
            BusinessPartner:a10* ValidityEndDate:moment0* AddressUsage:t10* AddressID:a10*
            ValidityStartDate:moment0 StandardUsage:flag AuthorizationGroup:t4
            """,
        ),
        entity(
            "A_AddressEmailAddress",
            """
            AddressID:a10* Person:a10* OrdinalNumber:n3* IsDefaultEmailAddress:flag EmailAddress:t241
            SearchEmailAddress:t20 AddressCommunicationRemarkText:t50
            """,
        ),
        entity(
            "A_AddressPhoneNumber",
            """
            AddressID:a10* Person:a10* OrdinalNumber:n3* DestinationLocationCountry:t3
            IsDefaultPhoneNumber:flag PhoneNumber:t30 PhoneNumberExtension:t10
            InternationalPhoneNumber:t30 PhoneNumberType:t1 AddressCommunicationRemarkText:t50
            """,
        ),
        entity(
            "A_BusinessPartnerRole",
            """
            BusinessPartner:a10* BusinessPartnerRole:t6* ValidFrom:moment0 ValidTo:moment0
            AuthorizationGroup:t4
            """,
        ),
        entity(
            "A_BusinessPartnerTaxNumber",
            """
            BusinessPartner:a10* BPTaxType:t4* BPTaxNumber:t20 BPTaxLongNumber:t60 AuthorizationGroup:t4
            """,
        ),
        entity(
            "A_BuPaIdentification",
            """
            BusinessPartner:a10* BPIdentificationType:t6* BPIdentificationNumber:t60*
            BPIdnNmbrIssuingInstitute:t40 BPIdentificationEntryDate:day Country:t3 Region:t3
            ValidityStartDate:day ValidityEndDate:day AuthorizationGroup:t4
            """,
        ),
        entity(
            "A_BusinessPartnerContact",
            """
            RelationshipNumber:a12* BusinessPartnerCompany:a10* BusinessPartnerPerson:a10*
            ValidityEndDate:day* ValidityStartDate:day IsStandardRelationship:flag
            RelationshipCategory:t6
            """,
        ),
        entity(
            "A_Customer",
            """
            Customer:a10* AuthorizationGroup:t4 BillingIsBlockedForCustomer:t2 CreatedByUser:t12~
            CreationDate:day~ CustomerAccountGroup:t4 CustomerClassification:t2 CustomerFullName:t220~
            CustomerName:t80~ DeliveryIsBlocked:t2 NFPartnerIsNaturalPerson:t1
            OrderIsBlockedForCustomer:t2 PostingIsBlocked:flag Supplier:a10 CustomerCorporateGroup:t10
            FiscalAddress:t10 Industry:t4~ IndustryCode1:t10~ IndustryCode2:t10~ IndustryCode3:t10~
            IndustryCode4:t10~ IndustryCode5:t10~ InternationalLocationNumber1:n7 NielsenRegion:t2
            ResponsibleType:t2 TaxNumber1:t16~ TaxNumber2:t11~ TaxNumber3:t18~ TaxNumber4:t18~
            TaxNumber5:t60~ TaxNumberType:t2 VATRegistration:t20 DeletionIndicator:flag
            """,
            "to_CustomerCompany:* A_CustomerCompany Customer",
            "to_CustomerSalesArea:* A_CustomerSalesArea Customer",
        ),
        entity(
            "A_CustomerCompany",
            """
            Customer:a10*# CompanyCode:t4* APARToleranceGroup:t4 AccountByCustomer:t12
            AccountingClerk:t2 AccountingClerkFaxNumber:t31 AccountingClerkInternetAddress:t130
            AccountingClerkPhoneNumber:t30 AlternativePayerAccount:a10 AuthorizationGroup:t4
            CollectiveInvoiceVariant:t1 CustomerAccountNote:t30 CustomerHeadOffice:a10
            CustomerSupplierClearingIsUsed:flag HouseBank:t5 InterestCalculationCode:t2
            InterestCalculationDate:day IsToBeLocallyProcessed:flag ItemIsToBePaidSeparately:flag
            LayoutSortingRule:t3 PaymentBlockingReason:t1 PaymentMethodsList:t10 PaymentTerms:t4
            PaytAdviceIsSentbyEDI:flag PhysicalInventoryBlockInd:flag ReconciliationAccount:a10
            RecordPaymentHistoryIndicator:flag UserAtCustomer:t15 DeletionIndicator:flag
            CashPlanningGroup:t10 KnownOrNegotiatedLeave:t4 ValueAdjustmentKey:t2
            CustomerAccountGroup:t4
            """,
        ),
        entity(
            "A_CustomerSalesArea",
            """
            Customer:a10*# SalesOrganization:t4* DistributionChannel:t2* Division:t2*
            AccountByCustomer:t12 AuthorizationGroup:t4 BillingIsBlockedForCustomer:t2
            CompleteDeliveryIsDefined:flag Currency:t5 CustomerABCClassification:t2
            CustomerAccountAssignmentGroup:t2 CustomerGroup:t2 CustomerPaymentTerms:t4
            CustomerPriceGroup:t2 CustomerPricingProcedure:t2 DeliveryIsBlockedForCustomer:t2
            DeliveryPriority:n2 IncotermsClassification:t3 IncotermsLocation2:t70 IncotermsVersion:t4
            IncotermsLocation1:t70 DeletionIndicator:flag IncotermsTransferLocation:t28 InvoiceDate:t2
            ItemOrderProbabilityInPercent:n3 OrderCombinationIsAllowed:flag OrderIsBlockedForCustomer:t2
            PartialDeliveryIsAllowed:t1 PriceListType:t2 SalesGroup:t3 SalesOffice:t4
            ShippingCondition:t2 SupplyingPlant:t4 SalesDistrict:t6 InvoiceListSchedule:t2
            ExchangeRateType:t4 PaymentGuaranteeProcedure:t4 CustomerAccountGroup:t4
            """,
            "to_PartnerFunction:* A_CustSalesPartnerFunc Customer,SalesOrganization,DistributionChannel,Division",
            "to_SalesAreaTax:* A_CustomerSalesAreaTax Customer,SalesOrganization,DistributionChannel,Division",
        ),
        entity(
            "A_CustomerSalesAreaTax",
            """
            Customer:a10*# SalesOrganization:t4* DistributionChannel:t2* Division:t2*
            DepartureCountry:t3* CustomerTaxCategory:t4* CustomerTaxClassification:t1
            """,
        ),
        entity(
            "A_CustSalesPartnerFunc",
            """
            Customer:a10*# SalesOrganization:t4* DistributionChannel:t2* Division:t2* PartnerCounter:n3*
            PartnerFunction:t2* BPCustomerNumber:a10 CustomerPartnerDescription:t30 DefaultPartner:flag
            AuthorizationGroup:t4
            """,
        ),
    ),
)
