from __future__ import annotations

from pathlib import Path

import pytest

from bench.peers import report
from bench.peers.contestants import BOUND, OURS
from bench.peers.growth import Grown, of_size
from bench.peers.measuring import Figures, Pass, Scene, Told


def figures(
    name: str, rate: float, cpu: float, *, p50: float = 10.0, peak: float = 100.0, calls: float = 6.0
) -> Figures:
    told = Told(requests=round(rate), seconds=1.0, bytes=0, p50=p50, p99=20.0, refused=0, broken=0)
    return Figures(name, (Pass(told, round(rate), calls, cpu),), peak)


def run(*held: Figures, scene: str = "page, 32 clients", latency: int = 0, clients: int = 32) -> report.Run:
    load = Scene(scene, Path("bodies"), "bookings listed", clients, latency)
    return report.Run(
        "python -m bench.peers", 3_842, 75_000, {scene: (load, held)}, (), {}, frozenset({"Yoga", "Mercurius"}), 0.3
    )


def test_a_goal_is_reached_or_missed_against_the_fastest_peer_and_never_against_the_bound() -> None:
    peers = (figures("Yoga", 100, 3.0), figures("Mercurius", 200, 2.0), figures(BOUND, 900, 1.0))

    fast = report.section(run(figures(OURS, 220, 2.4), *peers))
    slow = report.section(run(figures(OURS, 120, 2.6), *peers))

    assert "1.10x of Mercurius: reached" in fast
    assert "2.40x: reached" in fast
    assert "1.20x of Mercurius |" in fast
    assert "0.60x of Mercurius: missed" in slow
    assert "2.60x: missed" in slow


def test_memory_is_told_against_the_smallest_peer_in_node() -> None:
    section = report.section(
        run(figures(OURS, 1, 1, peak=150), figures("Yoga", 1, 1, peak=240), figures("Mercurius", 1, 1, peak=140))
    )

    assert "150 MB against 140 MB of Mercurius: missed" in section


def test_late_sources_are_told_against_our_own_path_and_the_shortest() -> None:
    scene = "page, 1 client, sources 20 ms late"
    section = report.section(run(figures(OURS, 9, 5, p50=105.0), scene=scene, latency=20, clients=1))

    assert "our plan's critical path (5 rounds, 100 ms) | 6 ms | | 5.0 ms: reached" in section
    assert "the shortest possible critical path (3 rounds, 60 ms) | 6 ms | | 45.0 ms: missed" in section


def test_calls_beyond_the_least_that_anybody_needs_are_told() -> None:
    section = report.section(run(figures(OURS, 1, 1, calls=7.0), figures("Yoga", 1, 1, calls=6.0)))

    assert "source calls at the minimum | 6 | | 7.00: missed" in section


def test_growth_is_told_by_the_order() -> None:
    told = "\n".join(report._growth([Grown(10, 770, 6, 4.0, 3.0), Grown(1_000, 77_000, 30, 300.0, 290.0)]))

    assert "| 10 | 770 | 6 | 4.0 | 0.400 | 3.0 | 0.300 |" in told
    assert "| 1000 | 77,000 | 30 | 300.0 | 0.300 | 290.0 | 0.290 |" in told


def test_a_thousand_orders_are_five_lists_of_one_query() -> None:
    assert of_size(10, 0).count(b"first: 10,") == 1
    assert of_size(1_000, 0).count(b"first: 200,") == 5


@pytest.mark.parametrize("rest", ["", "<!-- other -->\nkept\n<!-- other -->\n"])
def test_only_its_own_section_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: str) -> None:
    place = tmp_path / "benchmarks.md"
    place.write_text(f"# Benchmarks\n\nfirst\n\n{report.MARK}\nold\n{report.MARK}\n{rest}")
    monkeypatch.setattr(report, "REPORT", place)

    report.write(f"{report.MARK}\nnew\n{report.MARK}\n")
    report.write(f"{report.MARK}\nnewer\n{report.MARK}\n")

    assert place.read_text() == f"# Benchmarks\n\nfirst\n\n{report.MARK}\nnewer\n{report.MARK}\n" + (
        rest and "\n" + rest
    )
