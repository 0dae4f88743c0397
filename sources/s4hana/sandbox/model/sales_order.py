"""Sales orders: header, items, schedule lines, partners, prices, texts, document flow, billing plans."""

from __future__ import annotations

from typing import Final

from sources.s4hana.sandbox.model.edm import Service
from sources.s4hana.sandbox.model.notation import entity

SALES_ORDER: Final = Service(
    "API_SALES_ORDER_SRV",
    "0001",
    (
        entity(
            "A_SalesOrder",
            """
            SalesOrder:a10* SalesOrderType:t4 SalesOrderTypeInternalCode:t4~+ SalesOrganization:t4
            DistributionChannel:t2 OrganizationDivision:t2 SalesGroup:t3 SalesOffice:t4 SalesDistrict:t6
            SoldToParty:a10# CreationDate:day~ CreatedByUser:t12~ LastChangeDate:day~
            SenderBusinessSystemName:t60~ ExternalDocumentID:t40~ LastChangeDateTime:moment~@#
            ExternalDocLastChangeDateTime:moment~+ PurchaseOrderByCustomer:t35#
            PurchaseOrderByShipToParty:t35# CustomerPurchaseOrderType:t4 CustomerPurchaseOrderDate:day
            SalesOrderDate:day TotalNetAmount:d16.3~ OverallDeliveryStatus:t1~+ TotalBlockStatus:t1~+
            OverallOrdReltdBillgStatus:t1~+ OverallSDDocReferenceStatus:t1~+ TransactionCurrency:t5
            SDDocumentReason:t3 PricingDate:day PriceDetnExchangeRate:d9.5+ BillingPlan:a10+
            RequestedDeliveryDate:day ShippingCondition:t2 CompleteDeliveryIsDefined:flag
            ShippingType:t2 HeaderBillingBlockReason:t2 DeliveryBlockReason:t2 DeliveryDateTypeRule:t1
            IncotermsClassification:t3 IncotermsTransferLocation:t28 IncotermsLocation1:t70
            IncotermsLocation2:t70 IncotermsVersion:t4 CustomerPriceGroup:t2 PriceListType:t2
            CustomerPaymentTerms:t4 PaymentMethod:t1 FixedValueDate:day+ AssignmentReference:t18#
            ReferenceSDDocument:a10# ReferenceSDDocumentCategory:t4~ AccountingDocExternalReference:t16
            CustomerAccountAssignmentGroup:t2 AccountingExchangeRate:d9.5 CustomerGroup:t2
            SlsDocIsRlvtForProofOfDeliv:flag TaxDepartureCountry:t3 VATRegistrationCountry:t3
            SalesOrderApprovalReason:t4~ SalesDocApprovalStatus:t1~ OverallSDProcessStatus:t1~
            TotalCreditCheckStatus:t1~ OverallTotalDeliveryStatus:t1~ OverallSDDocumentRejectionSts:t1~
            BillingDocumentDate:day+ ContractAccount:t12+ AdditionalValueDays:n2+
            CustomerPurchaseOrderSuplmnt:t4+ ServicesRenderedDate:day+
            """,
            "to_Item:* A_SalesOrderItem SalesOrder",
            "to_Partner:* A_SalesOrderHeaderPartner SalesOrder",
            "to_PricingElement:* A_SalesOrderHeaderPrElement SalesOrder",
            "to_Text:* A_SalesOrderText SalesOrder",
            "to_PrecedingProcFlowDoc:*+ A_SalesOrderPrecdgProcFlow SalesOrder",
            "to_SubsequentProcFlowDoc:*+ A_SalesOrderSubsqntProcFlow SalesOrder",
            "to_RelatedObject:*+ A_SalesOrderRelatedObject SalesOrder",
        ),
        entity(
            "A_SalesOrderItem",
            """
            SalesOrder:a10*~ SalesOrderItem:n6* HigherLevelItem:n6 HigherLevelItemUsage:t1~+
            SalesOrderItemCategory:t4 SalesOrderItemText:t40 PurchaseOrderByCustomer:t35#
            PurchaseOrderByShipToParty:t35# UnderlyingPurchaseOrderItem:t6+ ExternalItemID:t40~+
            Material:a40 MaterialByCustomer:t35 PricingDate:day PricingReferenceMaterial:a40
            BillingPlan:a10+ RequestedQuantity:d15.3 RequestedQuantityUnit:t3
            RequestedQuantitySAPUnit:t3 RequestedQuantityISOUnit:t3 OrderQuantityUnit:t3~+
            OrderQuantitySAPUnit:t3~+ OrderQuantityISOUnit:t3~+ ConfdDelivQtyInOrderQtyUnit:d15.3~+
            OriginallyRequestedMaterial:a40~+ TransactionCurrency:t5~ NetAmount:d16.3~
            TotalSDDocReferenceStatus:t1~+ SDDocReferenceStatus:t1~+ MaterialSubstitutionReason:t4~+
            MaterialGroup:t9 MaterialPricingGroup:t2 BillingDocumentDate:day+ ContractAccount:t12+
            AdditionalValueDays:n2+ ServicesRenderedDate:day+ Batch:t10 ProductionPlant:t4
            OriginalPlant:t4~+ AltvBsdConfSubstitutionStatus:t1~+ StorageLocation:t4 DeliveryGroup:n3
            ShippingPoint:t4 ShippingType:t2 DeliveryPriority:n2 DeliveryDateQuantityIsFixed:flag+
            DeliveryDateTypeRule:t1 IncotermsClassification:t3 IncotermsTransferLocation:t28
            IncotermsLocation1:t70 IncotermsLocation2:t70 TaxAmount:d14.3+ MatlAccountAssignmentGroup:t2
            CostAmount:d14.3+ CustomerPaymentTerms:t4 FixedValueDate:day+ CustomerGroup:t2
            SalesDocumentRjcnReason:t2 ItemBillingBlockReason:t2 SlsDocIsRlvtForProofOfDeliv:flag
            WBSElement:n24 ProfitCenter:t10 AccountingExchangeRate:d9.5 ReferenceSDDocument:a10#
            ReferenceSDDocumentItem:n6 SDProcessStatus:t1~ DeliveryStatus:t1~
            OrderRelatedBillingStatus:t1~ Subtotal1Amount:d14.3~+ Subtotal2Amount:d14.3~+
            Subtotal3Amount:d14.3~+ Subtotal4Amount:d14.3~+ Subtotal5Amount:d14.3~+
            Subtotal6Amount:d14.3~+
            """,
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
            "to_ScheduleLine:* A_SalesOrderScheduleLine SalesOrder,SalesOrderItem",
            "to_PricingElement:* A_SalesOrderItemPrElement SalesOrder,SalesOrderItem",
            "to_Partner:* A_SalesOrderItemPartner SalesOrder,SalesOrderItem",
            "to_Text:* A_SalesOrderItemText SalesOrder,SalesOrderItem",
            "to_SubsequentProcFlowDocItem:*+ A_SalesOrderItmSubsqntProcFlow SalesOrder,SalesOrderItem",
            "to_BillingPlan:?+ A_SalesOrderItemBillingPlan SalesOrder,SalesOrderItem",
        ),
        entity(
            "A_SalesOrderScheduleLine",
            """
            SalesOrder:a10*~ SalesOrderItem:n6*~ ScheduleLine:n4* RequestedDeliveryDate:day
            ConfirmedDeliveryDate:day OrderQuantityUnit:t3 OrderQuantitySAPUnit:t3
            OrderQuantityISOUnit:t3 ScheduleLineOrderQuantity:d13.3 ConfdOrderQtyByMatlAvailCheck:d13.3
            DeliveredQtyInOrderQtyUnit:d13.3 OpenConfdDelivQtyInOrdQtyUnit:d13.3
            CorrectedQtyInOrderQtyUnit:d13.3 DelivBlockReasonForSchedLine:t2
            """,
        ),
        entity(
            "A_SalesOrderHeaderPartner",
            """
            SalesOrder:a10*~ PartnerFunction:t2* PartnerFunctionInternalCode:t2~+ Customer:a10#
            Supplier:a10 Personnel:n8 ContactPerson:n10 WorkAssignmentExternalID:t100+
            ReferenceBusinessPartner:a10~+ AddressID:a10+ VATRegistration:t20+
            """,
            "to_Address:*+ A_SalesOrderPartnerAddress SalesOrder,PartnerFunction",
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
        ),
        entity(
            "A_SalesOrderPartnerAddress",
            """
            SalesOrder:a10* PartnerFunction:t2* AddressRepresentationCode:t1* CorrespondenceLanguage:t2
            AddresseeFullName:t80 OrganizationName1:t40 OrganizationName2:t40 OrganizationName3:t40
            OrganizationName4:t40 CityName:t40 DistrictName:t40 PostalCode:t10 StreetPrefixName1:t40
            StreetPrefixName2:t40 StreetName:t60 StreetSuffixName1:t40 StreetSuffixName2:t40
            HouseNumber:t10 Country:t3 Region:t3 FormOfAddress:t4 TaxJurisdiction:t15 TransportZone:t10
            POBox:t10 POBoxPostalCode:t10 EmailAddress:t241 PhoneNumberCountry:t3 PhoneNumber:t30
            """,
            "to_Partner:1 A_SalesOrderHeaderPartner SalesOrder,PartnerFunction",
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
            newer=True,
        ),
        entity(
            "A_SalesOrderItemPartner",
            """
            SalesOrder:a10*~ SalesOrderItem:n6*~ PartnerFunction:t2* PartnerFunctionInternalCode:t2~+
            Customer:a10# Supplier:a10 Personnel:n8 ContactPerson:n10 WorkAssignmentExternalID:t100+
            ReferenceBusinessPartner:a10~+ AddressID:a10+ VATRegistration:t20+
            """,
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
            "to_SalesOrderItem:1 A_SalesOrderItem SalesOrder,SalesOrderItem",
        ),
        entity(
            "A_SalesOrderHeaderPrElement",
            """
            SalesOrder:a10*~ PricingProcedureStep:n3* PricingProcedureCounter:n3* ConditionType:t4
            PricingDateTime:t14~ PriceConditionDeterminationDte:day~+ ConditionCalculationType:t3~
            ConditionBaseValue:d24.9~ ConditionRateValue:d24.9 ConditionCurrency:t5
            ConditionQuantity:d5.0 ConditionQuantityUnit:t3 ConditionQuantitySAPUnit:t3
            ConditionQuantityISOUnit:t3 ConditionCategory:t1~ ConditionIsForStatistics:flag~
            ConditionOrigin:t1~ IsGroupCondition:t1~ ConditionRecord:a10~ ConditionSequentialNumber:n3~
            TaxCode:t2~ WithholdingTaxCode:t2~ ConditionAmount:d16.3~ TransactionCurrency:t5
            ConditionControl:t1~ ConditionInactiveReason:t1~ ConditionClass:t1~
            PrcgProcedureCounterForHeader:n3~ StructureCondition:t1~ CndnIsRelevantForIntcoBilling:flag~
            ConditionIsManuallyChanged:flag~ ConditionIsForConfiguration:flag~ VariantCondition:t26~
            """,
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
        ),
        entity(
            "A_SalesOrderItemPrElement",
            """
            SalesOrder:a10*~ SalesOrderItem:n6*~ PricingProcedureStep:n3* PricingProcedureCounter:n3*
            ConditionType:t4 PricingDateTime:t14~ PriceConditionDeterminationDte:day~+
            ConditionCalculationType:t3~ ConditionBaseValue:d24.9~ ConditionRateValue:d24.9
            ConditionCurrency:t5 ConditionQuantity:d5.0 ConditionQuantityUnit:t3
            ConditionQuantitySAPUnit:t3 ConditionQuantityISOUnit:t3 ConditionCategory:t1~
            ConditionIsForStatistics:flag~ IsRelevantForAccrual:flag~ CndnIsRelevantForInvoiceList:t1~
            ConditionOrigin:t1~ IsGroupCondition:t1~ ConditionRecord:a10~ ConditionSequentialNumber:n3~
            TaxCode:t2~ WithholdingTaxCode:t2~ ConditionAmount:d16.3~ TransactionCurrency:t5
            ConditionControl:t1~ ConditionInactiveReason:t1~ ConditionClass:t1~
            PrcgProcedureCounterForHeader:n3~ StructureCondition:t1~ CndnIsRelevantForIntcoBilling:flag~
            ConditionIsManuallyChanged:flag~ ConditionIsForConfiguration:flag~ VariantCondition:t26~
            """,
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
            "to_SalesOrderItem:1 A_SalesOrderItem SalesOrder,SalesOrderItem",
        ),
        entity(
            "A_SalesOrderText",
            """
            SalesOrder:a10*~ Language:t2* LongTextID:t4* LongText:t^
            """,
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
        ),
        entity(
            "A_SalesOrderItemText",
            """
            SalesOrder:a10*~ SalesOrderItem:n6*~ Language:t2* LongTextID:t4* LongText:t^
            """,
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
            "to_SalesOrderItem:1 A_SalesOrderItem SalesOrder,SalesOrderItem",
        ),
        entity(
            "A_SalesOrderSubsqntProcFlow",
            """
            SalesOrder:a10* DocRelationshipUUID:guid* SubsequentDocument:a10#
            SubsequentDocumentCategory:t4 ProcessFlowLevel:n2 OverallSDProcessStatus:t1^
            CreationDate:day CreationTime:clock LastChangeDate:day
            """,
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
            newer=True,
        ),
        entity(
            "A_SalesOrderItmSubsqntProcFlow",
            """
            SalesOrder:a10* SalesOrderItem:n6* DocRelationshipUUID:guid* SubsequentDocument:a10#
            SubsequentDocumentItem:n6 SubsequentDocumentCategory:t4 ProcessFlowLevel:n2
            RelatedProcFlowDocStsFieldName:t30^ SDProcessStatus:t1^ AccountingTransferStatus:t1^
            PrelimBillingDocumentStatus:t1^ SubsqntDocItmPrecdgDocument:a10
            SubsqntDocItmPrecdgDocItem:n6 SubsqntDocItmPrecdgDocCategory:t4 CreationDate:day
            CreationTime:clock LastChangeDate:day
            """,
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
            "to_SalesOrderItem:1 A_SalesOrderItem SalesOrder,SalesOrderItem",
            newer=True,
        ),
        entity(
            "A_SalesOrderPrecdgProcFlow",
            """
            SalesOrder:a10* DocRelationshipUUID:guid* PrecedingDocument:a10 PrecedingDocumentCategory:t4
            ProcessFlowLevel:n2 OverallSDProcessStatus:t1^ CreationDate:day CreationTime:clock
            LastChangeDate:day
            """,
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
            newer=True,
        ),
        entity(
            "A_SalesOrderRelatedObject",
            """
            SalesOrder:a10*~ SDDocRelatedObjectSequenceNmbr:n4*~ SDDocumentRelatedObjectType:t5
            SDDocRelatedObjectSystem:t60 SDDocRelatedObjectReference1:t60
            SDDocRelatedObjectReference2:t60
            """,
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
            newer=True,
        ),
        entity(
            "A_SalesOrderItemBillingPlan",
            """
            SalesOrder:a10*~ SalesOrderItem:n6*~ BillingPlan:a10*~ BillingPlanIsInHeader:flag
            BillingPlanStartDate:day BillingPlanStartDateRule:t2 ReferenceBillingPlan:a10
            BillingPlanCategory:t1~ BillingPlanType:t2~ BillingPlanEndDate:day~
            BillingPlanEndDateRule:t2~ BillingPlanSearchTerm:t10~
            """,
            "to_BillingPlanItem:* A_SlsOrderItemBillingPlanItem SalesOrder,SalesOrderItem,BillingPlan",
            "to_SalesOrder:1 A_SalesOrder SalesOrder",
            newer=True,
        ),
        entity(
            "A_SlsOrderItemBillingPlanItem",
            """
            SalesOrder:a10*~ SalesOrderItem:n6*~ BillingPlan:a10*~ BillingPlanItem:n6*~
            BillingPlanDateCategory:t2 BillingPlanBillingDate:day BillingPlanAmount:d16.3
            TransactionCurrency:t5~ BillingPlanAmountPercent:d5.2 CustomerPaymentTerms:t4
            ProposedBillingDocumentType:t4 BillingPlanDateDescriptionCode:t4 BillingBlockReason:t2
            BillingPlanServiceStartDate:day~ BillingPlanServiceEndDate:day~
            BillingPlanRelatedBillgStatus:t1~ BillingPlanType:t2~ AdoptingBillingDateID:t1~
            BillingPlanBillingRule:t1~ BillingPlanMilestoneUsage:t5~ BillgPlnDteCorrectionRfndType:t1~
            AccountingExchangeRate:d9.5~ PostponementReason:t255~
            """,
            "to_BillingPlan:1 A_SalesOrderItemBillingPlan SalesOrder,SalesOrderItem,BillingPlan",
            newer=True,
        ),
    ),
)
