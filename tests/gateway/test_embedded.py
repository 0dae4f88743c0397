from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import redis

from gateway import embedded
from gateway.children import Children
from gateway.demo import answers, free_port
from gateway.embedded import NoRedisError, embedded_redis, find_server

LANDSCAPE = """\
tenant = "acme"
[[instances]]
name = "sales"
kind = "salesforce"
role = "crm"
base_url = "http://127.0.0.1:1"
[instances.credentials]
client_id = { file = "secret" }
client_secret = { file = "secret" }
[cache."product"]
max_age_seconds = 300
"""


def test_a_redis_answers_at_a_socket_of_its_own_forgets_by_age_and_ends_with_the_children(tmp_path: Path) -> None:
    with Children() as children, embedded_redis(children, tmp_path) as url:
        with redis.Redis.from_url(url) as client:
            pid = client.info("server")["process_id"]
            assert client.config_get("save") == {"save": ""}
            assert client.config_get("port") == {"port": "0"}
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-ttl"}

        assert url == f"unix://{tmp_path}/redis.sock"

    assert not alive(pid)


def test_the_socket_of_a_deep_directory_is_put_where_its_path_is_short_enough(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20)

    with Children() as children, embedded_redis(children, deep) as url:
        assert len(url.removeprefix("unix://")) <= 100
        with redis.Redis.from_url(url) as client:
            assert client.ping()
        assert (deep / "redis.log").exists()


def test_what_an_earlier_start_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "redis.sock").write_text("left")

    with Children() as children, embedded_redis(children, tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.ping()


def test_a_place_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with Children() as children, pytest.raises(NoRedisError, match=r"no place for its socket and log.*--state"):
        children_of(children, tmp_path / "file" / "state")


def children_of(children: Children, state: Path) -> None:
    with embedded_redis(children, state):
        pass


def test_without_a_wheel_a_server_of_the_machine_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    shutil.copy("/bin/true", tmp_path / "valkey-server")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_server() == tmp_path / "valkey-server"


def test_where_there_is_none_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NoRedisError, match=r"Set REVGRAPH_REDIS_URL, or install redis-server or valkey-server or .*"):
        find_server()


def test_serving_a_landscape_that_lets_answers_be_kept_starts_a_redis_and_ends_it(tmp_path: Path) -> None:
    with serving(tmp_path) as (running, port):
        pid = redis_at(tmp_path / "state")
        ready = httpx.get(f"http://127.0.0.1:{port}/readyz").json()
        running.terminate()
        code = running.wait(30)

    assert ready["status"] == "ready"
    assert (code, alive(pid)) == (0, False)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`revgraph serve` once it is ready, and its port."""
    port = free_port()
    (folder / "revgraph.toml").write_text(LANDSCAPE)
    (folder / "secret").write_text("x" * 40)
    command = [sys.executable, "-m", "gateway.cli", "serve", "--port", str(port), "--state", str(folder / "state")]
    command += ["--landscape", str(folder / "revgraph.toml")]
    environment = {name: value for name, value in os.environ.items() if "REDIS_URL" not in name}
    environment["REVGRAPH_JWT_SECRET"] = "s" * 40
    with (folder / "log").open("wb") as log, subprocess.Popen(command, env=environment, stderr=log) as running:
        try:
            while not answers(port):
                assert running.poll() is None, (folder / "log").read_text()
            yield running, port
        finally:
            running.kill()


SUPERVISOR = """
import signal, sys
from pathlib import Path
from gateway.children import Children
from gateway.embedded import embedded_redis
with Children() as children, embedded_redis(children, Path(sys.argv[1])) as url:
    print(url, flush=True)
    signal.pause()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_a_supervisor_that_is_killed_leaves_no_redis_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        url = running.stdout.readline().strip()
        with redis.Redis.from_url(url) as client, client.pubsub() as listening:
            listening.subscribe("nothing")
            listening.get_message(timeout=5)

            running.kill()
            running.wait(30)

            with pytest.raises(redis.ConnectionError):  # the end of Redis ends the wait
                listening.get_message(timeout=20)


def redis_at(state: Path) -> int:
    with redis.Redis(unix_socket_path=str(state / "redis.sock")) as client:
        return int(client.info("server")["process_id"])


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
