"""Credit master data: limits and blocks by segment. It publishes no exposure."""

from __future__ import annotations

from typing import Final

from sources.s4hana.sandbox.model.edm import Service
from sources.s4hana.sandbox.model.notation import entity

CREDIT_MANAGEMENT: Final = Service(
    "API_CRDTMBUSINESSPARTNER",
    "0001",
    (
        entity(
            "CreditMgmtBusinessPartner",
            """
            BusinessPartner:a10* CrdtMgmtBusinessPartnerGroup:t4 CreditWorthinessScoreValue:t10
            CrdtWrthnssScoreValdtyEndDate:day CrdtWorthinessScoreLastChgDate:day
            CalcdCrdtWorthinessScoreValue:t10 CreditRiskClass:t3 CalculatedCreditRiskClass:t3
            CreditRiskClassLastChangeDate:day CreditCheckRule:t10 CreditScoreAndLimitCalcRule:t10
            """,
            "to_CreditMgmtAccountTP:* CreditManagementAccount BusinessPartner",
        ),
        entity(
            "CreditManagementAccount",
            """
            BusinessPartner:a10* CreditSegment:t10* BusinessPartnerIsCritical:flag
            CreditAccountIsBlocked:flag CreditAccountBlockReason:t2 CreditAccountResubmissionDate:day
            CreditLimitAmount:d15.3 CreditLimitValidityEndDate:day CreditLimitLastChangeDate:day
            CreditLimitCalculatedAmount:d15.3 CreditLimitIsZero:flag CreditLimitRequestedAmount:d15.3
            CrdtLmtIsReqdFrmAutomCalc:flag CreditLimitReqdValidityEndDate:day CreditLimitRequestDate:day
            CreditSegmentCurrency:t5
            """,
            "to_CrdtMBusinessPartnerTP:1 CreditMgmtBusinessPartner BusinessPartner",
        ),
    ),
)
