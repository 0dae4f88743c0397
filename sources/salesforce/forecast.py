"""How many HTTP calls an org gets: up to five queries go together, those of one turn of an operation among them."""

from __future__ import annotations

from math import ceil

from sources.kit.forecast import Foretell, Need, Question, exactly
from sources.landscape import Instance
from sources.salesforce.client import QUERIES_A_COMPOSITE
from sources.salesforce.narrowing import KEYS_A_QUERY, NUMBERS_A_QUERY

_LISTS = (Question.CHECK, Question.LIST_ORDERS, Question.LIST_CUSTOMERS, Question.LIST_PRODUCTS)
_BY_PARTNER = (Question.FETCH_ORDERS, Question.LIST_ORDERS, Question.FETCH_CUSTOMERS)
"""Only these carry an ERP's numbers."""


def foreteller(_: Instance) -> Foretell:
    """What any org gets."""
    return lambda needs: exactly(ceil(sum(map(_queries, needs)) / QUERIES_A_COMPOSITE))


def _queries(need: Need) -> int:
    partners = need.partner_keys if need.question in _BY_PARTNER else 0
    looked_up = ceil(need.keys / KEYS_A_QUERY) + ceil(need.numbers / KEYS_A_QUERY) + ceil(partners / NUMBERS_A_QUERY)
    return looked_up + (need.question in _LISTS)
