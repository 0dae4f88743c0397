from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from canonical.absence import Told
from canonical.customer import CustomerRecord
from canonical.lineage import Stamp
from canonical.refs import Ref, SystemReference
from sources.ports import Lookup
from sources.shelf.names import Answer, Name, attributed, lookup_of, names_of
from tests.fakes.company import NOW

KEY, PARTNER, NUMBER = "key", "partner", "number"


def record(key: str, *partners: str, number: Told[str] = UNSET) -> CustomerRecord:
    return CustomerRecord(
        ref=Ref("books", key),
        reference=SystemReference("books", "Customer", key),
        stamp=Stamp("books", "Customer", key, NOW),
        partner_keys=partners,
        number=number,
    )


def unpadded(text: str) -> str | None:
    return text.lstrip("0") if text.isdigit() else None


def told(names: Sequence[Name], *records: CustomerRecord) -> Answer[CustomerRecord]:
    return attributed(names, records, unpadded)


def test_each_name_gets_the_records_that_carry_it() -> None:
    one, two, three = record("1", "p", number="N1"), record("2", "p", "q"), record("3", number="N1")
    names = [Name(KEY, "1"), Name(PARTNER, "p"), Name(PARTNER, "q"), Name(NUMBER, "N1"), Name(KEY, "x")]

    answer = told(names, one, two, three)

    assert answer.by_name == {
        Name(KEY, "1"): (one,),
        Name(PARTNER, "p"): (one, two),
        Name(PARTNER, "q"): (two,),
        Name(NUMBER, "N1"): (one, three),
        Name(KEY, "x"): (),
    }
    assert (answer.others, answer.unsure) == ((), frozenset())


def test_a_key_in_another_spelling_is_the_record_that_the_system_takes_it_for() -> None:
    assert told([Name(KEY, "0017")], record("17")).by_name == {Name(KEY, "0017"): (record("17"),)}


def test_a_number_in_another_spelling_found_something_that_cannot_be_told_to_be_all() -> None:
    answer = told([Name(NUMBER, "0017"), Name(KEY, "4")], record("17", number="17"), record("4"))

    assert answer.unsure == {Name(NUMBER, "0017")}
    assert answer.others == (record("17", number="17"),)


def test_an_identifier_within_a_longer_one_is_not_taken_for_absent() -> None:
    short = "0Q0000000000001"

    answer = attributed([Name(KEY, short), Name(KEY, f"{short}AAA")], [record(f"{short}AAA")])

    assert answer.unsure == {Name(KEY, short)}


def test_where_nothing_explains_a_record_nothing_is_sure() -> None:
    names = [Name(KEY, "1"), Name(KEY, "2")]

    answer = told(names, record("1"), record("stranger"))

    assert answer.unsure == set(names)
    assert answer.others == (record("stranger"),)


def test_a_lookup_is_its_names_each_once() -> None:
    lookup = Lookup(keys=("1", "2", "1"), partner_keys=("1",), numbers=("3",))

    assert names_of(lookup) == [Name(KEY, "1"), Name(KEY, "2"), Name(PARTNER, "1"), Name(NUMBER, "3")]
    assert lookup_of(names_of(lookup)) == Lookup(keys=("1", "2"), partner_keys=("1",), numbers=("3",))


TEXTS = st.sampled_from(["1", "2", "N2"])
NAMES = st.builds(Name, st.sampled_from([KEY, PARTNER, NUMBER]), st.sampled_from(["1", "01", "2", "N2"]))
RECORDS = st.tuples(TEXTS, TEXTS, TEXTS).map(lambda texts: record(texts[0], texts[1], number=texts[2]))


@given(names=st.lists(NAMES, unique=True), records=st.lists(RECORDS, unique_by=lambda one: one.ref.key))
def test_no_record_is_lost_and_none_is_told_for_a_name_that_it_does_not_have(
    names: list[Name], records: list[CustomerRecord]
) -> None:
    answer = told(names, *records)

    assert {one.ref.key for one in answer.every()} == {one.ref.key for one in records}
    for name, held in answer.by_name.items():
        for one in held:
            has = {KEY: (one.ref.key,), PARTNER: one.partner_keys, NUMBER: (one.number,)}[name.kind]
            assert name.text in has or (name.kind == KEY and unpadded(name.text) in has)
