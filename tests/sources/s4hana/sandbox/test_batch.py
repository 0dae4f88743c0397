from __future__ import annotations

import httpx
import pytest

SERVICE = "API_SALES_ORDER_SRV"
ITEM = "A_SalesOrderItem(SalesOrder='{order}',SalesOrderItem='{item}')"
GET = (
    "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    "GET {} HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n"
)


def batch(*parts: str) -> bytes:
    return "".join(f"--b1\r\n{part}" for part in parts).encode() + b"--b1--\r\n"


def changeset(*requests: tuple[str, str]) -> str:
    parts = [
        "--cs1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: {place}\r\n\r\n{line} HTTP/1.1\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
        f"\r\n{body}\r\n"
        for place, (line, body) in enumerate(requests, 1)
    ]
    return f"Content-Type: multipart/mixed; boundary=cs1\r\n\r\n{''.join(parts)}--cs1--\r\n"


async def posted(client: httpx.AsyncClient, token: dict[str, str], body: bytes) -> httpx.Response:
    headers = {**token, "content-type": "multipart/mixed; boundary=b1"}
    return await client.post(f"{SERVICE}/$batch", content=body, headers=headers)


async def quantity(client: httpx.AsyncClient, order: str, item: str) -> str:
    answer = await client.get(f"{SERVICE}/{ITEM.format(order=order, item=item)}")
    return str(answer.json()["d"]["RequestedQuantity"])


async def test_reads_are_answered_in_order_each_with_its_own_status(
    client: httpx.AsyncClient, token: dict[str, str]
) -> None:
    paths = ["A_SalesOrder?$filter=SalesOrder%20eq%20'2'", "A_SalesOrder('999')", f"{SERVICE}", "A_SalesOrder/$count"]
    paths[2] = "/sap/opu/odata/sap/API_SALES_ORDER_SRV/A_SalesOrder('3')"

    answer = await posted(client, token, batch(*(GET.format(path) for path in paths)))

    assert answer.status_code == 202
    boundary = answer.headers["content-type"].partition("boundary=")[2]
    assert boundary != "b1"
    pieces = answer.text.split(f"--{boundary}")
    assert pieces[0] == ""
    assert pieces[-1] == "--\r\n"
    heads = [piece.partition("HTTP/1.1 ")[2][:3] for piece in pieces[1:-1]]
    assert heads == ["200", "404", "200", "200"]
    assert '"SalesOrder":"2"' in pieces[1]
    assert '"SalesOrder":"3"' in pieces[3]
    assert pieces[4].rstrip().endswith("3")
    assert "\n" not in answer.text.replace("\r\n", "")


async def test_a_changeset_is_saved_as_one_and_answered_with_its_content_ids(
    client: httpx.AsyncClient, token: dict[str, str]
) -> None:
    changes = changeset(
        (f"PATCH {ITEM.format(order=1, item=10)}", '{"RequestedQuantity":"5"}'),
        (f"MERGE {ITEM.format(order=1, item=20)}", '{"d":{"RequestedQuantity":"6.500"}}'),
    )

    answer = await posted(client, token, batch(changes, GET.format("A_SalesOrder('1')")))

    assert answer.text.count("HTTP/1.1 204 No Content") == 2
    assert "Content-ID: 1" in answer.text
    assert "Content-ID: 2" in answer.text
    assert answer.text.count("HTTP/1.1 200 OK") == 1
    assert (await quantity(client, "1", "10"), await quantity(client, "1", "20")) == ("5.000", "6.500")


async def test_one_refusal_undoes_the_changeset_and_answers_for_all_of_it(
    client: httpx.AsyncClient, token: dict[str, str]
) -> None:
    changes = changeset(
        (f"PATCH {ITEM.format(order=1, item=10)}", '{"RequestedQuantity":"5"}'),
        (f"PATCH {ITEM.format(order=1, item=99)}", '{"RequestedQuantity":"6"}'),
    )

    answer = await posted(client, token, batch(changes))

    assert answer.status_code == 202
    assert answer.text.count("HTTP/1.1 404") == 1
    assert "HTTP/1.1 204" not in answer.text
    assert "multipart/mixed" not in answer.text
    assert await quantity(client, "1", "10") == "10.000"


async def test_a_changeset_touches_one_order_only(client: httpx.AsyncClient, token: dict[str, str]) -> None:
    changes = changeset(
        (f"PATCH {ITEM.format(order=1, item=10)}", '{"RequestedQuantity":"5"}'),
        (f"PATCH {ITEM.format(order=2, item=10)}", '{"RequestedQuantity":"5"}'),
    )

    answer = await posted(client, token, batch(changes))

    assert "Operation not allowed due to changeset restrictions" in answer.text
    assert await quantity(client, "1", "10") == "10.000"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        batch(GET.format("A_SalesOrder")).replace(b"\r\n", b"\n"),
        # One empty line at the end where two are needed.
        batch(GET.format("A_SalesOrder")).replace(b"json\r\n\r\n\r\n", b"json\r\n\r\n"),
        batch(GET.format("A_SalesOrder")).removesuffix(b"--b1--\r\n"),
        batch(changeset(("GET A_SalesOrder", ""))),
        batch(GET.replace("GET", "DELETE").format("A_SalesOrder('1')")),
        batch(GET.replace("GET {}", "GET").format()),
    ],
    ids=["empty", "line feeds only", "one empty line", "no end", "a read in a changeset", "a loose write", "no path"],
)
async def test_bytes_other_than_the_published_are_refused_whole(
    client: httpx.AsyncClient, token: dict[str, str], body: bytes
) -> None:
    answer = await posted(client, token, body)

    assert answer.status_code == 400


async def test_a_batch_without_a_token_is_refused_even_if_it_only_reads(client: httpx.AsyncClient) -> None:
    answer = await posted(client, {}, batch(GET.format("A_SalesOrder")))

    assert (answer.status_code, answer.headers["x-csrf-token"]) == (403, "Required")
