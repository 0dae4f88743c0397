from __future__ import annotations

from dataclasses import replace

import pytest

from canonical.legal_entity import LegalEntity
from sources.landscape import EntityAt
from sources.tryton.adapter import open_source
from sources.tryton.settings import Entities
from tests.sources.tryton.reading import instance


def test_a_database_a_key_and_a_companys_id_are_needed() -> None:
    good = instance()

    with pytest.raises(ValueError, match="database"):
        open_source(replace(good, settings={}))
    with pytest.raises(ValueError, match="needs the credential 'key'"):
        open_source(replace(good, credentials={}))
    with pytest.raises(ValueError, match="US01 at erp-us needs the code company"):
        open_source(replace(good, entities=(EntityAt(LegalEntity("US01"), {"company": "Brightwell, Inc."}),)))
    with pytest.raises(ValueError, match="nonsense"):
        open_source(replace(good, settings={"database": "erp", "nonsense": True}))


def test_companies_are_those_of_the_entities_that_may_be_seen() -> None:
    both = (EntityAt(LegalEntity("US01"), {"company": "1"}), EntityAt(LegalEntity("CA01"), {"company": "4"}))
    entities = Entities(replace(instance(), entities=both))

    assert entities.companies(None) is None
    assert entities.companies(None, "CA01") == (4,)
    assert entities.companies(frozenset({"US01"})) == (1,)
    assert entities.companies(frozenset({"US01"}), "CA01") == ()
    assert entities.companies(frozenset()) == ()
    assert (entities.of_company(4), entities.of_company(9), entities.known()) == ("CA01", None, (1, 4))


def test_our_own_reference_has_a_field_of_its_own() -> None:
    with pytest.raises(ValueError, match="order_reference_field must be a field of its own"):
        open_source(instance(order_reference_field="reference"))
    with pytest.raises(ValueError, match="order_reference_field must be a field of its own"):
        open_source(instance(purchase_order_field="description"))
    open_source(instance(purchase_order_field="description", order_reference_field="gateway_key"))
