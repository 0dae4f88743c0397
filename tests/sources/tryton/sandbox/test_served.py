"""The real ERP, installed, restored, served, read and ended."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from sources.tryton.sandbox.install import Installation, install
from sources.tryton.sandbox.serve import DidNotStart, Reached, Server, restore, serving
from tests.sources.tryton.sandbox.asking import ask, told

pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton")]

WHOLE_SALE = (
    "number",
    "reference",
    "state",
    "total_amount",
    "party.code",
    "lines.product.code",
    "lines.quantity",
    "lines.unit.symbol",
    "lines.unit_price",
    "lines.amount",
    "lines.taxes.rate",
    "shipments.number",
    "shipments.state",
    "shipments.effective_date",
    "shipments.outgoing_moves.quantity",
    "shipments.outgoing_moves.origin",
    "invoices.number",
    "invoices.state",
    "invoices.total_amount",
    "invoices.amount_to_pay",
    "invoices.lines.origin",
    "invoices.lines_to_pay.maturity_date",
    "invoices.payment_lines.credit",
    "invoices.payment_lines.date",
    "invoices.payment_lines.move.number",
    "invoices.payment_lines.move.journal.name",
)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_second_installation_is_the_first_one(installation: Installation) -> None:
    said: list[str] = []

    again = install(say=said.append)

    assert again == installation
    assert said == []
    assert again.server.exists()


def test_one_request_tells_a_sale_with_its_goods_and_its_money(reached: Reached) -> None:
    sales = ask(reached, "sale.sale", WHOLE_SALE, [["state", "=", "done"]])

    sale = next(sale for sale in sales if sale["invoices"] and sale["invoices"][0]["payment_lines"])
    line, shipment, invoice = sale["lines"][0], sale["shipments"][0], sale["invoices"][0]
    assert line["unit"]["symbol"] == "u"
    assert line["unit_price"]["__class__"] == "Decimal"
    assert isinstance(line["quantity"], float)
    assert shipment["state"] == "done"
    assert shipment["effective_date"]["__class__"] == "date"
    assert shipment["outgoing_moves"][0]["origin"].startswith("sale.line,")
    assert invoice["amount_to_pay"] == {"__class__": "Decimal", "decimal": "0"}
    assert invoice["lines_to_pay"][0]["maturity_date"]["__class__"] == "date"
    assert invoice["payment_lines"][0]["move"]["journal"]["name"] in {"Wire transfer", "Card", "Check"}


def test_every_kind_of_sale_is_there(reached: Reached) -> None:
    sales = ask(reached, "sale.sale", ("state", "shipment_state", "invoice_state"))

    assert len(sales) <= 120
    assert {sale["state"] for sale in sales} >= {"quotation", "processing", "done", "cancelled"}
    assert {sale["shipment_state"] for sale in sales} == {"none", "waiting", "partially shipped", "sent"}
    assert {sale["invoice_state"] for sale in sales} == {
        *("none", "pending", "awaiting payment", "partially paid", "paid")
    }


def test_the_erp_itself_refuses_a_sale_beyond_the_credit_limit(reached: Reached) -> None:
    held = ask(reached, "sale.sale", ("party.rec_name",), [["state", "=", "quotation"]])[0]
    url = f"{reached.base_url}/{reached.database}/rest/model/sale.sale/{held['id']}/confirm"
    request = urllib.request.Request(url, method="POST")
    request.add_header("Authorization", f"Bearer {reached.application_key}")
    request.add_header("X-Tryton-Context", told({"company": reached.company}))

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)

    with refused.value as answer:
        assert answer.code == 400
        assert "will exceed their" in json.loads(answer.read())["message"]


def test_a_wrong_key_is_turned_away(reached: Reached) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(reached, "sale.sale", ("number",), key="wrong")

    with refused.value as answer:
        assert answer.code == 401


def test_a_credit_note_is_found_by_the_sale_whose_invoice_it_credits(reached: Reached) -> None:
    notes = ask(reached, "account.invoice", ("origin_invoices.sales.number",), [["total_amount", "<", 0]])
    number = notes[0]["origin_invoices"][0]["sales"][0]["number"]
    sale = ask(reached, "sale.sale", ("number",), [["number", "=", number]])[0]

    domain = [["lines.origin.invoice.sales.id", "in", [sale["id"]], "account.invoice.line"]]
    found = ask(reached, "account.invoice", ("number",), domain)

    assert notes[0]["id"] in {note["id"] for note in found}


async def test_it_is_served_for_as_long_as_the_block_lasts_and_restored_the_same(tmp_path: Path) -> None:
    answers, served = [], []
    for _ in range(2):
        async with serving(tmp_path / "state") as reached:
            served.append(reached)
            answers.append(await asyncio.to_thread(ask, reached, "sale.sale", WHOLE_SALE))

    assert len(answers[0]) > 0
    assert answers[0] == answers[1]
    with pytest.raises(urllib.error.URLError):
        ask(served[0], "sale.sale", ("number",))


def test_no_process_is_left_behind(installation: Installation, tmp_path: Path) -> None:
    restore(tmp_path)
    server = Server(tmp_path, installation)
    server.start()
    pid = server.pid
    assert pid is not None
    assert runs(pid)

    server.stop()
    server.stop()

    assert server.pid is None
    assert not runs(pid)


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(installation: Installation, tmp_path: Path) -> None:
    server = Server(tmp_path, Installation(installation.python, tmp_path / "no-such-script", installation.admin))

    with pytest.raises(DidNotStart, match="no-such-script"):
        server.start()

    assert server.pid is None


STARTER = """
import pathlib, sys
from sources.tryton.sandbox.install import install
from sources.tryton.sandbox.serve import Server
server = Server(pathlib.Path(sys.argv[1]), install())
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux tells of the end of a stranger's process")
def test_it_ends_with_whoever_started_it_even_when_that_one_is_killed(tmp_path: Path) -> None:
    restore(tmp_path)
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        tryton = os.pidfd_open(int(starter.stdout.readline()))

        starter.send_signal(signal.SIGKILL)

        ended, _, _ = select.select([tryton], [], [], 10)
        os.close(tryton)
    assert ended == [tryton]


def test_what_is_asked_is_not_logged(installation: Installation, tmp_path: Path) -> None:
    restore(tmp_path)
    server = Server(tmp_path, installation)
    reached = server.start()
    ask(reached, "sale.sale", ("number",))

    server.stop()

    assert (tmp_path / "trytond.log").read_text() == ""
    assert reached.application_key not in (tmp_path / "trytond.out").read_text()
