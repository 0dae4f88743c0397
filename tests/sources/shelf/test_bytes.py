from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Struct, structs

from canonical.absence import Told
from canonical.lineage import Stamp
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.ports import CustomerSource, Lookup
from sources.shelf.addresses import Addresses
from sources.shelf.entries import LARGEST, Kept, holds, pack, records_of, unpack, values_of
from sources.shelf.names import Name
from sources.shelf.questions import QUESTIONS, Question
from sources.shelf.records import narrowed
from tests.fakes import kept as fakes
from tests.fakes.company import Company
from tests.fakes.kept import call, keeping
from tests.fakes.real_redis import RealRedis

ONE = Lookup(keys=("acc1",))
NAME = Wanted.of("name")
WORDS = st.sampled_from(["a", "b", "c", "d"])
TREES = st.recursive(
    st.lists(WORDS, max_size=3).map(lambda words: Wanted.of(*words)),
    lambda below: st.dictionaries(WORDS, st.one_of(st.none(), below), max_size=3).map(
        lambda fields: Wanted(tuple(sorted(fields.items(), key=lambda pair: pair[0])))
    ),
    max_leaves=6,
)


async def asked(kept: fakes.Kept) -> Any:
    return await kept.port("crm", CustomerSource).fetch_customers(call(), ONE, NAME)


@given(garbage=st.binary(max_size=200), cut=st.integers(0, 300), way=st.sampled_from(["garbage", "cut", "patched"]))
async def test_bytes_that_are_no_answer_are_none(redis: RealRedis, garbage: bytes, cut: int, way: str) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1")
        [live] = await asked(kept)
        [address] = await kept.addresses()
        real = await kept.redis.get(address)
        assert isinstance(real, bytes)
        end = cut % len(real)
        spoilt = {"garbage": garbage, "cut": real[:end], "patched": real[:end] + garbage + real[end + len(garbage) :]}
        await kept.redis.set(address, spoilt[way])

        told = await asked(kept)

        # A patch may be of a letter in a name, which nothing can tell from the truth; it must not raise.
        if way != "patched":
            assert told == [live]
            assert kept.company.crm.questions() == ["fetch_customers"] * 2


async def test_a_key_of_another_kind_is_in_nobodys_way(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1")
        await asked(kept)
        [address] = await kept.addresses()
        await kept.redis.delete(address)
        await kept.redis.lpush(address, b"not ours")

        assert len(await asked(kept)) == 1
        assert kept.line.open


async def test_a_count_of_changes_that_is_none_makes_every_read_live(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        kept.company.customer("acc1")
        await asked(kept)
        await kept.redis.set(f"revgraph:{kept.tenant}:changes", b"many")

        for _ in range(2):
            assert len(await asked(kept)) == 1
        assert kept.company.crm.questions() == ["fetch_customers"] * 3

        await kept.forget("crm", "product")
        for _ in range(2):
            assert len(await asked(kept)) == 1
        assert kept.company.crm.questions() == ["fetch_customers"] * 3


async def test_an_answer_at_the_address_of_another_is_nobodys(redis: RealRedis) -> None:
    async with keeping(redis, "customer") as kept:
        for key in ("acc1", "acc2"):
            kept.company.customer(key)
            await kept.port("crm", CustomerSource).fetch_customers(call(), Lookup(keys=(key,)), NAME)
        one, other = (address.decode() for address in await kept.addresses())
        await kept.redis.copy(one, other, replace=True)
        await kept.redis.copy(other, one, replace=True)

        for key in ("acc1", "acc2"):
            [record] = await kept.port("crm", CustomerSource).fetch_customers(call(), Lookup(keys=(key,)), NAME)
            assert record.ref.key == key


class Thing(Struct, frozen=True, kw_only=True):
    ref: Ref
    stamp: Stamp
    name: Told[str] = UNSET


class LaterThing(Struct, frozen=True, kw_only=True):
    ref: Ref
    stamp: Stamp
    name: Told[int] = UNSET


def test_records_of_another_shape_have_another_address() -> None:
    at = Addresses("acme")
    forms: list[Question[Any]] = [
        Question("thing", "thing", Thing, lambda _: ()),
        Question("thing", "thing", LaterThing, lambda _: ()),
    ]

    addresses = {at.of(form, "crm", b"rights").of(Name("key", "1")) for form in forms}

    assert len(addresses) == 2
    assert forms[0].shape == Question("thing", "thing", Thing, lambda _: ()).shape


def test_every_question_has_a_shape_of_its_own_record() -> None:
    assert len({question.shape for question in QUESTIONS.values()}) == len({q.record for q in QUESTIONS.values()})


def every_record() -> list[tuple[Question[Any], Struct]]:
    company = Company()
    customer = company.customer("acc1", numbers=("1", "2"), parent_key=None)
    order = company.booked("erp-eu", "4711", "sale1", customer=customer)
    shipment = company.shipped(order, "80", 4)
    invoice = company.billed(order, "90", 4, paid="100.50")
    return [
        (QUESTIONS["customer"], customer),
        (QUESTIONS["order"], order),
        (QUESTIONS["shipment"], shipment),
        (QUESTIONS["invoice"], invoice),
    ]


@pytest.mark.parametrize("question,record", every_record(), ids=lambda value: getattr(value, "name", ""))
def test_a_record_comes_back_as_it_went(question: Question[Any], record: Struct) -> None:
    kept = an_answer((record,))

    packed = pack(kept)

    assert packed is not None
    back = unpack(packed, "here")
    assert back is not None
    assert records_of(question, back) == (record,)
    assert structs.replace(back, values=kept.values) == kept
    assert unpack(packed, "there") is None


def an_answer(records: tuple[Struct, ...] = (), wanted: Wanted = NAME) -> Kept:
    marks, values = (("customer", "1"), ("order", "2")), values_of(records)
    return Kept(whose="here", began=7, at=1.5, wanted=wanted, marks=marks, final=True, values=values)


def test_what_is_too_large_is_not_kept() -> None:
    assert pack(structs.replace(an_answer(), values=msgspec.Raw(msgspec.msgpack.encode("x" * LARGEST)))) is None


@given(held=TREES, wanted=TREES)
def test_what_is_held_is_enough_when_every_path_that_is_wanted_is_in_it(held: Wanted, wanted: Wanted) -> None:
    assert holds(an_answer(wanted=held), wanted) == (paths(wanted) <= paths(held))


def paths(tree: Wanted, above: str = "") -> set[str]:
    found: set[str] = set()
    for name, below in tree.fields:
        found |= {f"{above}{name}"} | (paths(below, f"{above}{name}.") if below else set())
    return found


def test_a_record_is_told_as_it_was_asked_for_down_to_its_children() -> None:
    company = Company()
    order = company.booked("erp-eu", "4711", "sale1", customer=company.customer("acc1", number="N"))

    told = narrowed(order, Wanted.of("customer.name", "lines.sku"))

    assert isinstance(order.lines, tuple)
    assert isinstance(told.lines, tuple)
    assert told.total is UNSET
    assert (told.number, told.stage, told.holds) == (order.number, order.stage, order.holds)
    assert told.lines[0].sku == "P-1"
    assert told.lines[0].quantity is UNSET
    assert structs.asdict(told.customer) == {**structs.asdict(order.customer), "number": UNSET}  # type: ignore[arg-type]
    assert narrowed(order, Wanted.of("customer", "lines")).lines == order.lines
