"""Where each canonical field comes from, by SAP's own names: for lineage."""

from __future__ import annotations

from typing import Final

from sources.s4hana.settings import Settings

_FIELDS: Final[dict[str, dict[str, str]]] = {
    "Order": {
        "number": "A_SalesOrder.SalesOrder",
        "status": "A_SalesOrder.OverallSDProcessStatus",
        "stage": "A_SalesOrder.OverallSDDocumentRejectionSts",
        "holds": "A_SalesOrder.TotalCreditCheckStatus",
        "customer": "A_SalesOrder.SoldToParty",
        "customer_key": "A_SalesOrder.SoldToParty",
        "quote": "A_SalesOrder.ReferenceSDDocument",
        "quote_key": "A_SalesOrder.ReferenceSDDocument",
        "legal_entity_code": "A_SalesOrder.SalesOrganization",
        "currency_code": "A_SalesOrder.TransactionCurrency",
        "ordered_at": "A_SalesOrder.CreationDate",
        "created_at": "A_SalesOrder.CreationDate",
        "booked_at": "A_SalesOrder.CreationDate",
        "cancelled_at": "A_SalesOrder.LastChangeDateTime",
        "requested_delivery_date": "A_SalesOrder.RequestedDeliveryDate",
        "subtotal": "A_SalesOrder.TotalNetAmount",
        "tax": "A_SalesOrderItem.TaxAmount",
        "total": "A_SalesOrder.TotalNetAmount + A_SalesOrderItem.TaxAmount",
        "lines": "A_SalesOrder.to_Item",
        "version": "A_SalesOrder.LastChangeDateTime",
    },
    "OrderLine": {
        "number": "A_SalesOrderItem.SalesOrderItem",
        "sku": "A_SalesOrderItem.Material",
        "description": "A_SalesOrderItem.SalesOrderItemText",
        "quantity": "A_SalesOrderItem.RequestedQuantity",
        "unit": "A_SalesOrderItem.RequestedQuantityISOUnit",
        "unit_price": "A_SalesOrderItem.NetAmount / RequestedQuantity",
        "amount": "A_SalesOrderItem.NetAmount",
        "tax": "A_SalesOrderItem.TaxAmount",
        "starts_on": "A_SlsOrderItemBillingPlanItem.BillingPlanServiceStartDate",
        "ends_on": "A_SlsOrderItemBillingPlanItem.BillingPlanServiceEndDate",
        "parent_key": "A_SalesOrderItem.HigherLevelItem",
    },
    "Shipment": {
        "number": "A_OutbDeliveryHeader.DeliveryDocument",
        "status": "A_OutbDeliveryHeader.OverallGoodsMovementStatus",
        "ship_from": "A_OutbDeliveryHeader.ShippingPoint",
        "planned_on": "A_OutbDeliveryHeader.PlannedGoodsIssueDate",
        "created_at": "A_OutbDeliveryHeader.CreationDate",
        "shipped_at": "A_OutbDeliveryHeader.ActualGoodsMovementDate",
        "delivered_at": "A_OutbDeliveryHeader.ProofOfDeliveryDate",
        "estimated_delivery_at": "A_OutbDeliveryHeader.DeliveryDate",
        "lines": "A_OutbDeliveryHeader.to_DeliveryDocumentItem",
    },
    "Invoice": {
        "number": "A_BillingDocument.BillingDocument",
        "status": "A_OperationalAcctgDocItemCube.IsCleared",
        "disputed": "A_BillingDocument.DunningBlockingReason",
        "customer": "A_BillingDocument.PayerParty",
        "customer_key": "A_BillingDocument.PayerParty",
        "legal_entity": "A_BillingDocument.CompanyCode",
        "legal_entity_code": "A_BillingDocument.CompanyCode",
        "issued_on": "A_BillingDocument.BillingDocumentDate",
        "due_on": "A_OperationalAcctgDocItemCube.NetDueDate",
        "subtotal": "A_BillingDocument.TotalNetAmount",
        "tax": "A_BillingDocument.TaxAmount",
        "total": "A_BillingDocument.TotalGrossAmount",
        "paid": "A_OperationalAcctgDocItemCube.ClearingAccountingDocument",
        "open": "A_OperationalAcctgDocItemCube.AmountInTransactionCurrency",
        "payments": "A_OperationalAcctgDocItemCube.ClearingAccountingDocument",
        "lines": "A_BillingDocument.to_Item",
    },
    "CreditMemo": {
        "number": "A_BillingDocument.BillingDocument",
        "total": "A_BillingDocument.TotalGrossAmount",
        "open": "A_OperationalAcctgDocItemCube.AmountInTransactionCurrency",
        "issued_on": "A_BillingDocument.BillingDocumentDate",
        "reason": "A_BillingDocumentItem.SDDocumentReason",
    },
    "Payment": {
        "number": "A_OperationalAcctgDocItemCube.AccountingDocument",
        "method": "A_OperationalAcctgDocItemCube.PaymentMethod",
        "customer": "A_OperationalAcctgDocItemCube.Customer",
        "amount": "A_OperationalAcctgDocItemCube.AmountInTransactionCurrency",
        "unapplied": "A_OperationalAcctgDocItemCube.AmountInTransactionCurrency",
        "received_at": "A_OperationalAcctgDocItemCube.PostingDate",
    },
    "Customer": {
        "number": "A_BusinessPartner.Customer",
        "name": "A_BusinessPartner.BusinessPartnerFullName",
        "billing_address": "A_BusinessPartner.to_BusinessPartnerAddress",
        "shipping_address": "A_BusinessPartner.to_BusinessPartnerAddress",
        "updated_at": "A_BusinessPartner.LastChangeDate",
    },
    "BillingAccount": {
        "currency_code": "A_CustomerSalesArea.Currency",
        "payment_terms": "A_CustomerCompany.PaymentTerms",
        "credit": "CreditManagementAccount.CreditLimitAmount",
        "open_balance": "A_OperationalAcctgDocItemCube.AmountInCompanyCodeCurrency",
        "overdue_balance": "A_OperationalAcctgDocItemCube.NetDueDate",
    },
    "Product": {
        "sku": "A_Product.Product",
        "name": "A_ProductDescription.ProductDescription",
        "unit": "A_Product.BaseUnit",
        "active": "A_Product.CrossPlantStatus",
    },
}


def origin_of(concept: str, field: str, settings: Settings) -> str | None:
    """SAP's own name of the field that a canonical field is read from; None for what SAP does not tell."""
    configured = {
        ("Order", "purchase_order_number"): f"A_SalesOrder.{settings.purchase_order_field}",
        ("Order", "partner_keys"): f"A_SalesOrder.{settings.reference_field}",
        ("Customer", "partner_keys"): f"A_BusinessPartner.{settings.customer_reference_field}",
        ("OrderLine", "partner_key"): f"A_SalesOrderItem.{settings.line_reference_field}",
        ("Shipment", "tracking_number"): f"A_OutbDeliveryHeader.{settings.tracking_field}",
    }
    chosen = {
        "starts_on": settings.line_start_field,
        "ends_on": settings.line_end_field,
        "segment": settings.line_segment_field,
    }
    if concept == "OrderLine" and chosen.get(field):
        return f"A_SalesOrderItem.{chosen[field]}"
    return configured.get((concept, field)) or _FIELDS.get(concept, {}).get(field)
