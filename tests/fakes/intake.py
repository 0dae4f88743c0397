"""An ERP and a CRM in memory that take orders, keep them, and misbehave on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec.structs import replace

from canonical.customer import Credit
from canonical.errors import Fault, OutcomeUnknown, ProblemCategory, Refused
from canonical.intake import (
    Amendment,
    CrmOrderRequest,
    CustomerAcknowledgment,
    CustomerRequest,
    LineQuotation,
    LineRequest,
    OrderAcknowledgment,
    OrderQuotation,
    OrderRequest,
    Refusal,
    WriteBack,
)
from canonical.lineage import Stamp
from canonical.money import money
from canonical.order import OrderLine, OrderRecord, Stage, SystemStatus
from canonical.refs import Ref, SystemReference
from sources.intake import CustomerIntake, CustomerWriteBack, OrderIntake, OrderWriteBack
from sources.kit.call import Call
from tests.fakes.systems import Books, FakeCrm, FakeErp

PRICES = {"P-1": Decimal(100), "P-2": Decimal(50), "SVC-1": Decimal(20)}
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)

Trouble = Callable[[str], None]
"""Something that goes wrong: called with "before" and with "after" the effect; may raise."""


def lost(when: str) -> None:
    """The reply is lost after the effect."""
    if when == "after":
        raise OutcomeUnknown("erp", "The connection broke.")


def never_arrived(when: str) -> None:
    """The request is lost, and nobody can know."""
    if when == "before":
        raise OutcomeUnknown("erp", "The connection broke.")


def raising(fault: Exception) -> Trouble:
    """A fault before the effect."""

    def trouble(when: str) -> None:
        if when == "before":
            raise fault

    return trouble


class Misbehaving:
    """Troubles by method, each used up by one call; `always` stays."""

    def __init__(self) -> None:
        self.troubles: dict[str, list[Trouble]] = {}
        self.always: dict[str, Trouble] = {}
        self.calls: list[str] = []
        self.watch: Callable[[str], None] = lambda _: None

    def will(self, method: str, *troubles: Trouble) -> None:
        """What happens at the next calls of the method."""
        self.troubles.setdefault(method, []).extend(troubles)

    def begin(self, method: str) -> Trouble:
        """Count a call, let happen what happens before its effect, and say what happens after."""
        self.calls.append(method)
        waiting = self.troubles.get(method)
        trouble = waiting.pop(0) if waiting else self.always.get(method, lambda _: None)
        self.watch(f"before {method}")
        trouble("before")

        def after(when: str) -> None:
            self.watch(f"{when} {method}")
            trouble(when)

        return after


class TradingErp(FakeErp, OrderIntake, CustomerIntake):
    """An ERP that books. `orders` are by our reference; nothing keeps it from taking one reference twice."""

    def __init__(self, name: str, books: Books) -> None:
        super().__init__(name, books)
        self.mood = Misbehaving()
        self.orders: dict[str, list[OrderAcknowledgment]] = {}
        self.requests: list[OrderRequest] = []
        self.amendments: list[Amendment] = []
        self.created: list[CustomerRequest] = []
        self.credit: Credit | None = None
        self.unknown: set[str] = set()
        self.available_on: date | None = None
        self.refusals: tuple[Refusal, ...] = ()

    async def quote_order(self, call: Call, request: OrderRequest) -> OrderQuotation:
        after = self.mood.begin("quote_order")
        lines = tuple(self._quote(line, request.currency_code) for line in request.lines)
        subtotal = money(sum((line.amount.amount for line in lines if line.amount), Decimal(0)), request.currency_code)
        after("after")
        return OrderQuotation(
            lines=lines, subtotal=subtotal, total=subtotal, credit=self.credit, refusals=self.refusals
        )

    def _quote(self, line: LineRequest, currency: str) -> LineQuotation:
        if line.sku not in PRICES or line.sku in self.unknown:
            refusal = Refusal(f"{line.sku} is not sold here.", ProblemCategory.PRODUCT)
            return LineQuotation(sku=line.sku, quantity=line.quantity, refusal=refusal)
        price = line.unit_price if line.unit_price is not None and line.unit_price > 1 else PRICES[line.sku]
        return LineQuotation(
            sku=line.sku,
            quantity=line.quantity,
            unit_price=money(price, currency),
            amount=money(price * line.quantity, currency),
            available_on=self.available_on,
        )

    async def find_orders(self, call: Call, references: Sequence[str]) -> Mapping[str, Sequence[OrderAcknowledgment]]:
        after = self.mood.begin("find_orders")
        found = {name: list(self.orders[name]) for name in references if name in self.orders}
        after("after")
        return found

    async def book_order(self, call: Call, request: OrderRequest) -> OrderAcknowledgment:
        after = self.mood.begin("book_order")
        self.requests.append(request)
        key = f"{len(self.requests) + 4000}"
        booked = OrderAcknowledgment(
            order=Ref(self.name, key),
            reference=SystemReference(self.name, "Order", key),
            number=key,
            state="open",
            line_keys=tuple(str(10 * place) for place in range(1, len(request.lines) + 1)),
            version="1",
        )
        self.orders.setdefault(request.reference, []).append(booked)
        self.books.orders.append(_record(self.name, key, request))
        after("after")
        return booked

    async def amend_order(self, call: Call, amendment: Amendment) -> OrderAcknowledgment:
        after = self.mood.begin("amend_order")
        place = next(at for at, record in enumerate(self.books.orders) if record.ref.key == amendment.order_key)
        record = self.books.orders[place]
        if record.stage is Stage.CANCELLED:
            raise Refused(self.name, f"Order {record.number} is cancelled.", category=ProblemCategory.CONFLICT)
        if amendment.expected_version not in (None, record.version):
            raise Refused(self.name, "The order was changed.", category=ProblemCategory.CONFLICT)
        self.amendments.append(amendment)
        version = str(int(str(record.version)) + 1)
        changed = {change.key: change for change in amendment.change}
        lines = tuple(
            replace(line, quantity=changed[line.key].quantity or line.quantity) if line.key in changed else line
            for line in record.lines or ()
            if line.key not in amendment.remove
        )
        self.books.orders[place] = replace(record, version=version, lines=lines)
        amended = OrderAcknowledgment(
            order=record.ref, reference=record.reference, number=record.number, state="open", version=version
        )
        after("after")
        return amended

    async def cancel_order(self, call: Call, order_key: str, reference: str, reason: str) -> OrderAcknowledgment:
        after = self.mood.begin("cancel_order")
        for held in self.orders.values():
            held[:] = [replace(one, cancelled=True) if one.order.key == order_key else one for one in held]
        self.books.orders[:] = [
            replace(record, stage=Stage.CANCELLED) if record.ref.key == order_key else record
            for record in self.books.orders
        ]
        record = next(record for record in self.books.orders if record.ref.key == order_key)
        after("after")
        return OrderAcknowledgment(
            order=record.ref, reference=record.reference, number=record.number, state="cancelled", cancelled=True
        )

    async def find_created_customers(
        self, call: Call, references: Sequence[str]
    ) -> Mapping[str, Sequence[CustomerAcknowledgment]]:
        after = self.mood.begin("find_created_customers")
        found = {
            name: [self._customer(at) for at, one in enumerate(self.created) if name in (one.reference, one.crm_key)]
            for name in references
        }
        after("after")
        return {name: held for name, held in found.items() if held}

    async def create_customer(self, call: Call, request: CustomerRequest) -> CustomerAcknowledgment:
        after = self.mood.begin("create_customer")
        self.created.append(request)
        created = self._customer(len(self.created) - 1)
        after("after")
        return created

    def _customer(self, place: int) -> CustomerAcknowledgment:
        key = f"{self.name}-new{place + 1}"
        return CustomerAcknowledgment(
            customer=Ref(self.name, key), reference=SystemReference(self.name, "Customer", key), number=key
        )

    @property
    def standing(self) -> list[OrderAcknowledgment]:
        """Every order that was booked and not cancelled."""
        return [order for held in self.orders.values() for order in held if not order.cancelled]


def _record(system: str, key: str, request: OrderRequest) -> OrderRecord:
    lines = tuple(
        OrderLine(order=Ref(system, key), key=str(10 * place), sku=line.sku, quantity=line.quantity)
        for place, line in enumerate(request.lines, 1)
    )
    return OrderRecord(
        ref=Ref(system, key),
        reference=SystemReference(system, "Order", key),
        stamp=Stamp(system, "Order", key, AT),
        stage=Stage.BOOKED,
        status=SystemStatus(system, "open", AT),
        ordered_at=AT,
        number=key,
        partner_keys=(request.crm_order_key,) if request.crm_order_key else (),
        legal_entity_code=request.legal_entity_code,
        lines=lines,
        version="1",
    )


class TradingCrm(FakeCrm, OrderWriteBack, CustomerWriteBack):
    """A CRM that is told of bookings, and takes orders born elsewhere."""

    def __init__(self, books: Books, name: str = "crm") -> None:
        super().__init__(books, name)
        self.mood = Misbehaving()
        self.told: list[WriteBack] = []
        self.registered: dict[str, CrmOrderRequest] = {}
        self.numbers: dict[str, list[str]] = {}

    async def write_back_customer(self, call: Call, crm_key: str, numbers: Sequence[str]) -> None:
        after = self.mood.begin("write_back_customer")
        held = self.numbers.setdefault(crm_key, [])
        held += [number for number in numbers if number not in held]
        after("after")

    async def register_order(self, call: Call, request: CrmOrderRequest) -> Ref:
        after = self.mood.begin("register_order")
        self.registered.setdefault(request.reference, request)
        after("after")
        return Ref(self.name, f"sale-{request.reference}")

    async def write_back(self, call: Call, told: WriteBack) -> None:
        after = self.mood.begin("write_back")
        if told not in self.told:
            self.told.append(told)
        after("after")


class DownForReading:
    """Makes a fake's lookups fail while it is held."""

    def __init__(self, erp: TradingErp, fault: Fault) -> None:
        self.erp, self.fault = erp, fault

    def __enter__(self) -> None:
        self.erp.mood.always["find_orders"] = raising(self.fault)

    def __exit__(self, *_: object) -> None:
        del self.erp.mood.always["find_orders"]
