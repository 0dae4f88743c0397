"""Products with descriptions, sales areas and plants."""

from __future__ import annotations

from typing import Final

from sources.s4hana.sandbox.model.edm import Service
from sources.s4hana.sandbox.model.notation import entity

PRODUCT: Final = Service(
    "API_PRODUCT_SRV",
    "0001",
    (
        entity(
            "A_Product",
            """
            Product:a40* ProductType:t4 CrossPlantStatus:t2 CrossPlantStatusValidityDate:day
            CreationDate:day~ CreatedByUser:t12~ LastChangeDate:day~ LastChangedByUser:t12~
            LastChangeDateTime:moment~# IsMarkedForDeletion:flag ProductOldID:t40 GrossWeight:d13.3
            WeightUnit:t3 NetWeight:d13.3 CountryOfOrigin:t3 ProductGroup:t9 BaseUnit:t3
            ItemCategoryGroup:t4 ProductHierarchy:t18 Division:t2 ProductStandardID:t18
            ExternalProductGroup:t18
            """,
            "to_Description:* A_ProductDescription Product",
            "to_SalesDelivery:* A_ProductSalesDelivery Product",
            "to_Plant:* A_ProductPlant Product",
        ),
        entity(
            "A_ProductDescription",
            """
            Product:a40* Language:t2* ProductDescription:t40
            """,
        ),
        entity(
            "A_ProductSalesDelivery",
            """
            Product:a40* ProductSalesOrg:t4* ProductDistributionChnl:t2* MinimumOrderQuantity:d13.3
            SupplyingPlant:t4 AccountDetnProductGroup:t2 ItemCategoryGroup:t4 DeliveryQuantityUnit:t3
            DeliveryQuantity:d13.3 ProductSalesStatus:t2 ProductSalesStatusValidityDate:day
            SalesMeasureUnit:t3 IsMarkedForDeletion:flag ProductHierarchy:t18 BaseUnit:t3
            """,
        ),
        entity(
            "A_ProductPlant",
            """
            Product:a40* Plant:t4* PurchasingGroup:t3 CountryOfOrigin:t3 ProfileCode:t2
            AvailabilityCheckType:t2 ProfitCenter:t10 IsMarkedForDeletion:flag MRPType:t2 BaseUnit:t3
            GoodsIssueUnit:t3
            """,
        ),
    ),
)
