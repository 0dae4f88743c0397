"""Simulated sales orders: what an order would come to. The service takes one request and keeps nothing."""

from __future__ import annotations

from typing import Final

from sources.s4hana.sandbox.model.edm import Service
from sources.s4hana.sandbox.model.notation import entity

SIMULATION: Final = Service(
    "API_SALES_ORDER_SIMULATION_SRV",
    "0001",
    (
        entity(
            "A_SalesOrderSimulation",
            """
            SalesOrder:a10* SalesOrderType:t4 SalesOrganization:t4 DistributionChannel:t2
            OrganizationDivision:t2 SalesGroup:t3 SalesOffice:t4 SalesDistrict:t6 SoldToParty:a10
            CustomerGroup:t2 PurchaseOrderByCustomer:t35 CustomerPurchaseOrderType:t4
            CustomerPurchaseOrderDate:day SalesOrderDate:day TransactionCurrency:t5
            AccountingDocExternalReference:t16 TaxDepartureCountry:t3 VATRegistrationCountry:t3
            PriceListType:t2 CustomerPriceGroup:t2 SDDocumentReason:t3 PricingDate:day
            SDPricingProcedure:t6~ RequestedDeliveryDate:day ShippingCondition:t2
            CompleteDeliveryIsDefined:flag ShippingType:t2 IncotermsClassification:t3
            IncotermsTransferLocation:t28 IncotermsLocation1:t70 IncotermsLocation2:t70
            IncotermsVersion:t4 ReferenceSDDocument:a10 CustomerPaymentTerms:t4 PaymentMethod:t1
            """,
            "to_Credit:? A_SalesOrderCreditSimulation SalesOrder",
            "to_Item:* A_SalesOrderItemSimulation SalesOrder",
            "to_Partner:* A_SalesOrderPartnerSimulation SalesOrder",
            "to_Pricing:? A_SalesOrderPricingSimulation SalesOrder",
        ),
        entity("A_SalesOrderPricingSimulation", "SalesOrder:a10* TotalNetAmount:d16.3 TransactionCurrency:t5~"),
        entity("A_SalesOrderCreditSimulation", "SalesOrder:a10* TotalCreditCheckStatus:t1"),
        entity(
            "A_SalesOrderPartnerSimulation",
            """
            SalesOrder:a10* PartnerFunction:t2* Customer:a10 Supplier:a10 Personnel:n8 ContactPerson:n10
            VATRegistration:t20
            """,
        ),
        entity(
            "A_SalesOrderItemSimulation",
            """
            SalesOrder:a10* SalesOrderItem:n6* HigherLevelItem:n6 HigherLevelItemUsage:t1~
            SalesOrderItemCategory:t4 SalesOrderItemText:t40 PurchaseOrderByCustomer:t35 Material:a40
            MaterialByCustomer:t35 PricingDate:day PricingReferenceMaterial:a40 RequestedQuantity:d15.3
            RequestedQuantityUnit:t3 RequestedQuantitySAPUnit:t3 RequestedQuantityISOUnit:t3
            OrderQuantityUnit:t3~ OrderQuantitySAPUnit:t3~ OrderQuantityISOUnit:t3~
            ConfdDelivQtyInOrderQtyUnit:d15.3~ TransactionCurrency:t5~ NetAmount:d16.3~
            TaxAmount:d14.3~ CostAmount:d14.3~ Subtotal1Amount:d14.3~ MaterialGroup:t9
            MaterialPricingGroup:t2 Batch:t10 Plant:t4 StorageLocation:t4 ShippingPoint:t4
            ReferenceSDDocument:a10 ReferenceSDDocumentItem:n6 CustomerPaymentTerms:t4
            SalesDocumentRjcnReason:t2
            """,
            "to_PricingElement:* A_SalesOrderItmPrcgElmntSimln SalesOrder,SalesOrderItem",
            "to_ScheduleLine:* A_SalesOrderScheduleLineSimln SalesOrder,SalesOrderItem",
        ),
        entity(
            "A_SalesOrderItmPrcgElmntSimln",
            """
            SalesOrder:a10* SalesOrderItem:n6* PricingProcedureStep:n3* PricingProcedureCounter:n3*
            ConditionType:t4 ConditionCalculationType:t3~ ConditionBaseValue:d24.9~
            ConditionRateValue:d24.9 ConditionCurrency:t5 ConditionQuantity:d5.0
            ConditionQuantityUnit:t3 ConditionQuantitySAPUnit:t3 ConditionQuantityISOUnit:t3
            ConditionIsForStatistics:flag~ ConditionOrigin:t1~ ConditionAmount:d16.3~
            TransactionCurrency:t5 ConditionInactiveReason:t1~ ConditionClass:t1~
            ConditionIsManuallyChanged:flag~
            """,
        ),
        entity(
            "A_SalesOrderScheduleLineSimln",
            """
            SalesOrder:a10* SalesOrderItem:n6* ScheduleLine:n4* RequestedDeliveryDate:day
            ConfirmedDeliveryDate:day OrderQuantityUnit:t3 OrderQuantitySAPUnit:t3
            OrderQuantityISOUnit:t3 ScheduleLineOrderQuantity:d13.3 ConfdOrderQtyByMatlAvailCheck:d13.3
            OpenConfdDelivQtyInOrdQtyUnit:d13.3 CorrectedQtyInOrderQtyUnit:d13.3
            """,
        ),
    ),
)
