"""Outbound deliveries: header, items, partners. Its path ends in ";v=0002"."""

from __future__ import annotations

from typing import Final

from sources.s4hana.sandbox.model.edm import Service
from sources.s4hana.sandbox.model.notation import entity

OUTBOUND_DELIVERY: Final = Service(
    "API_OUTBOUND_DELIVERY_SRV",
    "0002",
    (
        entity(
            "A_OutbDeliveryHeader",
            """
            DeliveryDocument:a10* DeliveryDocumentType:t4 SDDocumentCategory:t4 SalesOrganization:t4
            SalesOffice:t4 ShippingPoint:t4 SoldToParty:a10# ShipToParty:a10 CustomerGroup:t2
            CreatedByUser:t12~ CreationDate:day~ CreationTime:clock~ LastChangeDate:day~
            LastChangedByUser:t12~ DocumentDate:day DeliveryDate:day DeliveryTime:clock PickingDate:day
            PickingTime:clock LoadingDate:day TransportationPlanningDate:day PlannedGoodsIssueDate:day
            GoodsIssueTime:clock ActualGoodsMovementDate:day ActualGoodsMovementTime:clock
            Shippinglocationtimezone:t6 Receivinglocationtimezone:t6 ProofOfDeliveryDate:day
            ConfirmationTime:clock BillOfLading:t35 MeansOfTransport:t20 MeansOfTransportType:t4
            ProposedDeliveryRoute:t6 ActualDeliveryRoute:t6 ShippingType:t2 ShippingCondition:t2
            DeliveryPriority:t2 CompleteDeliveryIsDefined:flag OrderCombinationIsAllowed:flag
            IncotermsClassification:t3 IncotermsTransferLocation:t28 DeliveryBlockReason:t2
            HeaderBillingBlockReason:t2 ShipmentBlockReason:t2 TotalBlockStatus:t1~
            TotalCreditCheckStatus:t1~ HeaderGrossWeight:d15.3 HeaderNetWeight:d15.3 HeaderWeightUnit:t3
            TotalNumberOfPackage:t5 TransactionCurrency:t5 OverallSDProcessStatus:t1~
            OverallGoodsMovementStatus:t1~ OverallPickingStatus:t1~ OverallPickingConfStatus:t1~
            OverallPackingStatus:t1~ OverallProofOfDeliveryStatus:t1~ OverallDelivConfStatus:t1~
            OverallDelivReltdBillgStatus:t1~ OverallIntcoBillingStatus:t1~
            OverallWarehouseActivityStatus:t1~ TransportationPlanningStatus:t1~
            HdrGeneralIncompletionStatus:t1~ Supplier:a10 ReceivingPlant:t4 Warehouse:t3
            """,
            "to_DeliveryDocumentItem:* A_OutbDeliveryItem DeliveryDocument",
            "to_DeliveryDocumentPartner:* A_OutbDeliveryPartner DeliveryDocument=SDDocument",
        ),
        entity(
            "A_OutbDeliveryItem",
            """
            DeliveryDocument:a10*# DeliveryDocumentItem:n6* DeliveryDocumentItemCategory:t4
            DeliveryDocumentItemText:t40 SalesDocumentItemType:t1 HigherLevelItem:n6
            HigherLvlItmOfBatSpltItm:n6 Material:a40 MaterialByCustomer:t35 MaterialGroup:t9 Batch:t10
            Plant:t4 StorageLocation:t4 ActualDeliveryQuantity:d13.3 DeliveryQuantityUnit:t3
            ActualDeliveredQtyInBaseUnit:d13.3 OriginalDeliveryQuantity:d13.3 BaseUnit:t3
            ReferenceSDDocument:a10# ReferenceSDDocumentItem:n6 ReferenceSDDocumentCategory:t4
            SDDocumentCategory:t4 SDProcessStatus:t1~ GoodsMovementStatus:t1~ GoodsMovementType:t3
            GoodsMovementReasonCode:t4 PickingStatus:t1~ PickingConfirmationStatus:t1~ PackingStatus:t1~
            ProofOfDeliveryStatus:t1~ DeliveryRelatedBillingStatus:t1~ IntercompanyBillingStatus:t1~
            ItemIsBillingRelevant:t1 ItemBillingBlockReason:t2 IsCompletelyDelivered:flag
            ItemGrossWeight:d15.3 ItemNetWeight:d15.3 ItemWeightUnit:t3 ProductAvailabilityDate:day
            CreationDate:day~ CreationTime:clock~ LastChangeDate:day~ DistributionChannel:t2 Division:t2
            NumberOfSerialNumbers:int
            """,
        ),
        entity(
            "A_OutbDeliveryPartner",
            """
            PartnerFunction:t2* SDDocument:a10*# Customer:a10 Supplier:a10 Personnel:n8
            ContactPerson:n10 AddressID:a10 SDDocumentItem:n6
            """,
        ),
    ),
)
