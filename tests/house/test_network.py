"""No test reaches beyond this machine, and within it every test may."""

from __future__ import annotations

import asyncio
import socket

import pytest


def test_a_connection_beyond_this_machine_is_refused() -> None:
    with socket.socket() as outward, pytest.raises(ConnectionRefusedError, match="beyond this machine"):
        outward.connect(("192.0.2.1", 80))


async def test_an_asynchronous_one_too() -> None:
    with pytest.raises(OSError, match="beyond this machine"):
        await asyncio.open_connection("192.0.2.1", 80)


def test_this_machine_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]) as inward:
        assert inward.getpeername() == server.getsockname()
