"""The ceiling: the websockets library alone, sending the same bytes to everybody who is connected.

    python -m bench.fanout.bare

Prints its port; each line of its input is sent to all, until the input ends.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve


async def main() -> None:
    """Serve until the input ends."""
    connected: set[ServerConnection] = set()

    async def stay(connection: ServerConnection) -> None:
        connected.add(connection)
        try:
            await connection.wait_closed()
        finally:
            connected.discard(connection)

    loop = asyncio.get_running_loop()
    # On a busy machine ten thousand handshakes take longer than its patience, and it says nothing of those it drops.
    async with serve(stay, "127.0.0.1", 0, compression=None, ping_interval=None, open_timeout=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            broadcast(connected, line.rstrip("\n"))
            print(len(connected), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
