"""What the pretend company sells: about forty products, priced in every currency it deals in."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from sandbox.keys import Numbers
from sources.kit.sandbox.story import Article

# Whole euros, francs and pounds, and quarters of a dollar: with 19 % and 8 % tax every line comes out to the cent, so
# that no two systems can round differently.
STEPS: Mapping[str, Decimal] = {"EUR": Decimal(1), "USD": Decimal("0.25"), "CHF": Decimal(1), "GBP": Decimal(1)}
_RATES = {"EUR": Decimal(1), "USD": Decimal("1.09"), "CHF": Decimal("0.96"), "GBP": Decimal("0.85")}

GOODS = {
    "FC-200": ("Flow controller FC-200", 1140),
    "FC-450": ("Flow controller FC-450, flanged", 2190),
    "FC-800": ("Flow controller FC-800, stainless", 3480),
    "PS-12": ("Pressure sensor PS-12", 171),
    "PS-40": ("Pressure sensor PS-40, ATEX", 314),
    "PS-90": ("Differential pressure sensor PS-90", 689),
    "TS-4": ("Temperature probe TS-4", 96),
    "TS-9": ("Temperature probe TS-9, sanitary", 158),
    "LV-2": ("Radar level meter LV-2", 1265),
    "LV-5": ("Radar level meter LV-5, long range", 1890),
    "VM-8": ("Valve manifold VM-8", 839),
    "VM-16": ("Valve manifold VM-16", 1490),
    "AC-30": ("Pneumatic actuator AC-30", 412),
    "AC-75": ("Electric actuator AC-75", 978),
    "GW-1": ("Edge gateway GW-1", 1449),
    "GW-2": ("Edge gateway GW-2, cellular", 1785),
    "HM-7": ("Operator panel HM-7", 1120),
    "HM-12": ("Operator panel HM-12", 1960),
    "PLC-3": ("Compact controller PLC-3", 2675),
    "CAB-5": ("Cable kit 5 m", 44),
    "CAB-20": ("Cable kit 20 m", 118),
    "MNT-1": ("Mounting set", 37),
    "SPR-K": ("Spare seal kit", 63),
}
SERVICES = {
    "CAL": ("Calibration on site", 385),
    "INST": ("Installation and commissioning, per day", 1690),
    "TRN": ("Operator training, per day", 1450),
    "ENG": ("Application engineering, per hour", 165),
    "AUD": ("Energy audit", 4900),
}
SUBSCRIPTIONS = {
    "SUP-B": ("Support plan Basic, yearly", 1200),
    "SUP-P": ("Support plan Premium, yearly", 3300),
    "MON-S": ("Plant Monitor Standard, per site and year", 2400),
    "MON-E": ("Plant Monitor Enterprise, per site and year", 5900),
    "ANA-1": ("Analytics, per user and year", 540),
    "API-1": ("Integration access, yearly", 1800),
}
BUNDLES = {
    "KIT-W": ("Water skid starter kit", 4350),
    "KIT-D": ("Dosing line kit", 6280),
    "KIT-B": ("Brewery retrofit kit", 8940),
    "KIT-M": ("Monitoring starter kit", 3190),
}
PARTS = {
    "KIT-W": (("FC-200", 1), ("PS-12", 2), ("CAB-5", 3)),
    "KIT-D": (("FC-450", 1), ("VM-8", 1), ("AC-30", 2)),
    "KIT-B": (("PLC-3", 1), ("TS-9", 6), ("HM-7", 1)),
    "KIT-M": (("GW-1", 1), ("TS-4", 4), ("MNT-1", 5)),
}
RETIRED = {"FC-100": ("Flow controller FC-100 (discontinued)", 990), "GW-0": ("Edge gateway GW-0 (discontinued)", 1210)}


def catalogue(numbers: Numbers) -> dict[str, Article]:
    """Every article by sku; the discontinued ones are never sold."""
    articles = {}
    for shelf in (GOODS, BUNDLES, SERVICES, SUBSCRIPTIONS, RETIRED):
        for sku, (name, euros) in shelf.items():
            articles[sku] = Article(
                sku=sku,
                name=name,
                crm_key=numbers.crm("01t"),
                service=shelf is SERVICES or shelf is SUBSCRIPTIONS,
                prices={currency: stepped(euros * rate, currency) for currency, rate in _RATES.items()},
                active=shelf is not RETIRED,
            )
    return articles


def stepped(amount: Decimal, currency: str) -> Decimal:
    """The price nearest to this amount that the company asks in the currency."""
    step = STEPS[currency]
    return ((amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step).quantize(Decimal("0.01"))
