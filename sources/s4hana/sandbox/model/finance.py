"""Line items of accounting documents: what customers owe and what cleared it."""

from __future__ import annotations

from typing import Final

from sources.s4hana.sandbox.model.edm import Service
from sources.s4hana.sandbox.model.notation import entity

OPERATIONAL_ITEMS: Final = Service(
    "API_OPLACCTGDOCITEMCUBE_SRV",
    "0001",
    (
        entity(
            "A_OperationalAcctgDocItemCube",
            """
            CompanyCode:t4* FiscalYear:n4* AccountingDocument:a10* AccountingDocumentItem:n3*
            CompanyCodeName:t25 AccountingDocumentItemType:t1 ClearingDate:day ClearingCreationDate:day
            ClearingAccountingDocument:a10# IsCleared:flag PostingKey:t2 FinancialAccountType:t1
            SpecialGLCode:t1 DebitCreditCode:t1 BusinessArea:t4 TaxCode:t2 ValueDate:day
            AssignmentReference:t18 DocumentItemText:t50 BillingDocument:a10# SalesDocument:a10#
            SalesDocumentItem:n6 IsSalesRelated:flag IsUsedInPaymentTransaction:flag GLAccount:a10
            Customer:a10# CustomerName:t80 Supplier:a10 DueCalculationBaseDate:day PaymentTerms:t4
            CashDiscount1Days:d3.0 CashDiscount2Days:d3.0 NetPaymentDays:d3.0 CashDiscount1Percent:d5.3
            CashDiscount2Percent:d5.3 PaymentMethod:t1 PaymentBlockingReason:t1 HouseBank:t5
            InvoiceReference:a10# InvoiceReferenceFiscalYear:n4 InvoiceItemReference:n3
            FollowOnDocumentType:t1 DunningKey:t1 DunningBlockingReason:t1 LastDunningDate:day
            DunningLevel:n1 DunningArea:t2 Material:a40 PaymentDifferenceReason:t3 ProfitCenter:t10
            ClearingIsReversed:flag Reference1IDByBusinessPartner:t12 CreditControlArea:t4
            Reference3IDByBusinessPartner:t20 PaymentReference:t30 ClearingItem:d5.0
            ClearingDocFiscalYear:n4 ReferenceDocumentType:t5 OriginalReferenceDocument:t20
            FiscalPeriod:n3 AccountingDocumentCategory:t1 PostingDate:day DocumentDate:day
            AccountingDocumentType:t2 AccountingDocumentTypeName:t20 NetDueDate:day
            CashDiscount1DueDate:day CashDiscount2DueDate:day CompanyCodeCurrency:t5
            AmountInCompanyCodeCurrency:d24.3 CashDiscountAmtInCoCodeCrcy:d24.3 TransactionCurrency:t5
            AmountInTransactionCurrency:d24.3 TaxAmount:d24.3 CashDiscountBaseAmount:d24.3
            CashDiscountAmount:d24.3 NetPaymentAmount:d24.3 BalanceTransactionCurrency:t5
            AmountInBalanceTransacCrcy:d24.3 AccountingDocumentCreationDate:day CreationTime:clock
            LastChangeDate:day AccountingDocCreatedByUser:t12 DocumentReferenceID:t16
            ReverseDocument:a10 ReverseDocumentFiscalYear:n4 AccountingDocumentHeaderText:t25
            ReversalReason:t2 IsReversal:flag IsReversed:flag
            """,
        ),
    ),
)
