"""Billing documents: header, items, partners, prices."""

from __future__ import annotations

from typing import Final

from sources.s4hana.sandbox.model.edm import Service
from sources.s4hana.sandbox.model.notation import entity

BILLING_DOCUMENT: Final = Service(
    "API_BILLING_DOCUMENT_SRV",
    "0001",
    (
        entity(
            "A_BillingDocument",
            """
            BillingDocument:a10* SDDocumentCategory:t4 BillingDocumentCategory:t1 BillingDocumentType:t4
            CreationDate:day CreationTime:clock LastChangeDate:day LastChangeDateTime:moment@#
            LogicalSystem:t10 SalesOrganization:t4 DistributionChannel:t2 Division:t2
            BillingDocumentDate:day BillingDocumentIsCancelled:flag CancelledBillingDocument:a10
            ForeignTrade:t10 IsExportDelivery:t1 BillingDocCombinationCriteria:t40
            ManualInvoiceMaintIsRelevant:flag IsIntrastatReportingRelevant:flag
            IsIntrastatReportingExcluded:flag TotalNetAmount:d16.3 TransactionCurrency:t5
            StatisticsCurrency:t5 TaxAmount:d14.3 TotalGrossAmount:d17.3 CustomerPriceGroup:t2
            PriceListType:t2 TaxDepartureCountry:t3 VATRegistration:t20 VATRegistrationOrigin:t1
            VATRegistrationCountry:t3 HierarchyTypePricing:t1 IsEUTriangularDeal:flag
            SDPricingProcedure:t6 ShippingCondition:t2 IncotermsVersion:t4 IncotermsClassification:t3
            IncotermsTransferLocation:t28 IncotermsLocation1:t70 IncotermsLocation2:t70 PayerParty:a10
            ContractAccount:t12 CustomerPaymentTerms:t4 PaymentMethod:t1 PaymentReference:t30
            FixedValueDate:day AdditionalValueDays:n2 SEPAMandate:t35 CompanyCode:t4 FiscalYear:n4
            AccountingDocument:a10 CustomerAccountAssignmentGroup:t2 AccountingExchangeRateIsSet:flag
            AbsltAccountingExchangeRate:d9.5 AcctgExchangeRateIsIndrctQtan:flag ExchangeRateDate:day
            ExchangeRateType:t4 DocumentReferenceID:t16 AssignmentReference:t18 DunningArea:t2
            DunningBlockingReason:t1 DunningKey:t1 InternalFinancialDocument:t10
            IsRelevantForAccrual:flag SoldToParty:a10# PartnerCompany:t6 PurchaseOrderByCustomer:t35#
            CustomerGroup:t2 Country:t3 CityCode:t4 SalesDistrict:t6 Region:t3 County:t3
            CreditControlArea:t4 CustomerRebateAgreement:t10 SalesDocumentCondition:t10
            OverallSDProcessStatus:t1 OverallBillingStatus:t1 AccountingPostingStatus:t1
            AccountingTransferStatus:t1 BillingIssueType:t1 InvoiceListStatus:t1
            OvrlItmGeneralIncompletionSts:t1 OverallPricingIncompletionSts:t1 InvoiceClearingStatus:t1
            BillingDocumentListType:t4 BillingDocumentListDate:day
            """,
            "to_Item:* A_BillingDocumentItem BillingDocument",
            "to_Partner:* A_BillingDocumentPartner BillingDocument",
        ),
        entity(
            "A_BillingDocumentItem",
            """
            BillingDocument:a10*# BillingDocumentItem:n6* SalesDocumentItemCategory:t4 CreationDate:day
            Division:t2 Material:a40 Plant:t4 BillingDocumentItemText:t40 ServicesRenderedDate:day
            BillingQuantity:d13.3 BillingQuantityUnit:t3 BillingQuantityInBaseUnit:d13.3 BaseUnit:t3
            BillingPlan:a10 BillingPlanItem:n6 NetAmount:d16.3 TransactionCurrency:t5 GrossAmount:d16.3
            PricingDate:day TaxAmount:d14.3 CostAmount:d14.3 Subtotal1Amount:d14.3 Subtotal2Amount:d14.3
            EligibleAmountForCashDiscount:d14.3 ProfitCenter:t10 OriginSDDocument:a10
            OriginSDDocumentItem:n6 ReferenceSDDocument:a10# ReferenceSDDocumentItem:n6
            ReferenceSDDocumentCategory:t4 SalesDocument:a10# SalesDocumentItem:n6
            SalesSDDocumentCategory:t4 HigherLevelItem:n6 ExternalReferenceDocument:t10
            ExternalReferenceDocumentItem:n6 SDDocumentReason:t3 SalesOrderSalesOrganization:t4
            ShippingPoint:t4
            """,
            "to_BillingDocument:1 A_BillingDocument BillingDocument",
            "to_PricingElement:* A_BillingDocumentItemPrcgElmnt BillingDocument,BillingDocumentItem",
        ),
        entity(
            "A_BillingDocumentPartner",
            """
            BillingDocument:a10*# PartnerFunction:t2* Customer:a10# Supplier:a10 Personnel:n8
            ContactPerson:n10
            """,
            "to_BillingDocument:1 A_BillingDocument BillingDocument",
        ),
        entity(
            "A_BillingDocumentItemPrcgElmnt",
            """
            BillingDocument:a10*~# BillingDocumentItem:n6*~ PricingProcedureStep:n3*
            PricingProcedureCounter:n3* ConditionType:t4 PricingDateTime:t14~
            ConditionCalculationType:t3~ ConditionBaseValue:d24.9~ ConditionRateValue:d24.9
            ConditionCurrency:t5 ConditionQuantity:d5.0 ConditionQuantityUnit:t3 ConditionCategory:t1~
            ConditionIsForStatistics:flag~ IsRelevantForAccrual:flag~ CndnIsRelevantForInvoiceList:t1~
            ConditionOrigin:t1~ IsGroupCondition:t1~ ConditionRecord:a10~ ConditionSequentialNumber:n3~
            TaxCode:t2~ WithholdingTaxCode:t2~ ConditionAmount:d16.3~ TransactionCurrency:t5
            ConditionControl:t1~ ConditionInactiveReason:t1~ ConditionClass:t1~
            PrcgProcedureCounterForHeader:n3~ StructureCondition:t1~ CndnIsRelevantForIntcoBilling:flag~
            ConditionIsManuallyChanged:flag~ ConditionIsForConfiguration:flag~ VariantCondition:t26~
            """,
            "to_BillingDocument:1 A_BillingDocument BillingDocument",
            "to_BillingDocumentItem:1 A_BillingDocumentItem BillingDocument,BillingDocumentItem",
        ),
    ),
)
