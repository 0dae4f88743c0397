"""Serves the snapshot's company from a real Tryton on this machine: restored, started, and ended without a trace."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from sources.tryton.sandbox.access import APPLICATION_KEY, COMPANY, DATABASE
from sources.tryton.sandbox.install import Installation, Say, install, to_stderr

SNAPSHOT: Final = Path(__file__).with_name("snapshot.sqlite.gz")
START_WITHIN: Final = 90.0
STOP_WITHIN: Final = 5.0
ATTEMPTS: Final = 3
HOST: Final = "127.0.0.1"
_WATCHED = Path(__file__).with_name("watched.py")

_SETTINGS = """\
[database]
uri = sqlite://
path = {directory}
[web]
listen = {host}:{port}
"""
# Only what went wrong, and never more than two files of a megabyte. Werkzeug logs each request unless told not to.
_LOGGING = """\
[loggers]
keys = root, werkzeug
[handlers]
keys = file
[formatters]
keys = line
[logger_root]
level = WARNING
handlers = file
[logger_werkzeug]
level = WARNING
handlers =
qualname = werkzeug
[handler_file]
class = handlers.RotatingFileHandler
args = ({log!r}, "a", 1000000, 1)
formatter = line
[formatter_line]
format = %(asctime)s %(levelname)s %(name)s %(message)s
"""


class DidNotStart(RuntimeError):
    """Tryton ended or did not answer in time; the message ends with what it said last."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Where Tryton answers: `base_url` has no slash at the end, the REST API is `<base_url>/<database>/rest/model/`."""

    base_url: str
    port: int
    database: str
    application_key: str
    company: int


def restore(state: Path, snapshot: Path = SNAPSHOT) -> Path:
    """Put the snapshot's database into the directory, over what may be there, and return its file."""
    state.mkdir(parents=True, exist_ok=True)
    database = state / f"{DATABASE}.sqlite"
    for leftover in state.glob(f"{DATABASE}.sqlite-*"):
        leftover.unlink()
    arriving = database.with_suffix(".arriving")
    with gzip.open(snapshot) as packed, arriving.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    return arriving.replace(database)


class Server:
    """One Tryton on one database directory; started at most once at a time, and ended by its own process id."""

    def __init__(self, state: Path, installation: Installation, port: int = 0) -> None:
        self._state = state.absolute()
        self._installation = installation
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the running Tryton; None when none runs."""
        return self._process.pid if self._process else None

    def start(self) -> Reached:
        """Start it and wait until it answers (about 2 s). DidNotStart when it does not, and nothing is left running."""
        if self._process:
            raise RuntimeError("This Tryton runs already.")
        failure: DidNotStart | None = None
        # A free port may be taken by another between the looking and the listening.
        for _ in range(1 if self._port else ATTEMPTS):
            try:
                return self._attempt(self._port or _free_port())
            except DidNotStart as early:
                failure = early
        raise failure or DidNotStart("Tryton was not even tried.")

    def stop(self) -> None:
        """End it and wait until it is gone; nothing happens when none runs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            _pipe(process).close()

    def _attempt(self, port: int) -> Reached:
        self._process = self._launch(port)
        try:
            _await_answer(self._process, port)
        except BaseException as failure:
            self.stop()
            if isinstance(failure, DidNotStart):
                raise DidNotStart(f"{failure}\n{self._last_words()}") from None
            raise
        return Reached(f"http://{HOST}:{port}", port, DATABASE, APPLICATION_KEY, COMPANY)

    def _launch(self, port: int) -> subprocess.Popen[bytes]:
        settings, logging = self._state / "trytond.conf", self._state / "logging.conf"
        settings.write_text(_SETTINGS.format(directory=self._state, host=HOST, port=port), "utf-8")
        logging.write_text(_LOGGING.format(log=str(self._state / "trytond.log")), "utf-8")
        command = [str(self._installation.python), "-I", str(_WATCHED), str(self._installation.server)]
        options = ["-c", str(settings), "-d", DATABASE, "--logconf", str(logging)]
        with (self._state / "trytond.out").open("wb") as output:
            return subprocess.Popen(  # noqa: S603
                [*command, *options],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TZ": "UTC"},
                start_new_session=True,
            )

    def _last_words(self) -> str:
        said = (self._state / "trytond.out").read_text("utf-8", errors="replace")
        return "\n".join(said.strip().splitlines()[-8:])


@asynccontextmanager
async def serving(state: Path, port: int = 0, say: Say = to_stderr) -> AsyncIterator[Reached]:
    """Install if need be, restore the snapshot into `state`, serve it until the block ends."""
    installation = await asyncio.to_thread(install, None, say)
    await asyncio.to_thread(restore, state)
    server = Server(state, installation, port)
    starting = asyncio.create_task(asyncio.to_thread(server.start))
    try:
        yield await asyncio.shield(starting)
    finally:
        # A thread cannot be cancelled: what it started is ended when it is through.
        await asyncio.wait({starting})
        await asyncio.to_thread(server.stop)


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdin is None:
        raise RuntimeError("Tryton was started without the pipe that ties it to us.")
    return process.stdin


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _await_answer(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_WITHIN
    while not _answers(port):
        if process.poll() is not None:
            raise DidNotStart(f"Tryton ended at once with status {process.returncode}.")
        if time.monotonic() > deadline:
            raise DidNotStart(f"Tryton did not answer within {START_WITHIN:.0f} s.")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=START_WITHIN)
    try:
        # The first question of all makes Tryton load its modules, which is what takes the time.
        path = f"/{DATABASE}/rest/model/company.company?s=1"
        connection.request("GET", path, headers={"Authorization": f"Bearer {APPLICATION_KEY}"})
        response = connection.getresponse()
        response.read()
    except OSError:
        return False
    else:
        return response.status == http.client.OK
    finally:
        connection.close()
