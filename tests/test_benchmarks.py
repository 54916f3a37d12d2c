"""The comparison with other libraries: its arithmetic and its page, and that it runs at all."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from typing import Any

import pytest

from conftest import ROOT


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.page")


@pytest.fixture
def timing(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.timing")


def _result(page: Any, timing: Any, name: str, kind: str = "transform", **rates: float) -> Any:
    return page.Result(
        name, kind, "a note", {who: timing.Rate(rate, 0.1) for who, rate in rates.items()}
    )


def test_rates_are_written_with_three_digits(page: Any) -> None:
    written = {x: page.number(x) for x in (1.234, 12.34, 99.96, 123.4, 1234.0, 12345.0, 123456.0)}
    assert list(written.values()) == ["1.23", "12.3", "100.0", "123", "1,230", "12,300", "123,000"]
    assert [page.factor(x) for x in (0.456, 2.0, 9.94, 9.96, 19.54)] == [
        "0.46", "2.00", "9.94", "10.0", "19.5",
    ]  # fmt: skip


def test_the_ratio_is_to_the_fastest_peer(page: Any, timing: Any) -> None:
    result = _result(page, timing, "x", tenfold=300, kornia=100, Pillow=200)
    assert result.fastest_peer == "Pillow"
    assert result.ratio == pytest.approx(1.5)


def test_a_table_marks_the_fastest_and_leaves_out_what_is_missing(page: Any, timing: Any) -> None:
    results = [
        _result(page, timing, "flip", tenfold=2000, kornia=500, Pillow=4000),
        _result(page, timing, "bend", tenfold=900, kornia=300),
    ]
    assert page.table(results, ["kornia", "Pillow"]).splitlines() == [
        "| | tenfold | kornia | Pillow | ratio |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| flip | 2,000 | 500 | **4,000** | 0.50 |",
        "| bend | **900** | 300 |  | 3.00 |",
    ]


def test_the_page_says_where_tenfold_is_slower(page: Any, timing: Any) -> None:
    conditions = page.Conditions(
        processor="a processor", cache="32 MiB", versions={"Python": "3.11"},
        missing={"torchvision": "does not load"}, photos=128, side=512, scans=600, rounds=9,
        seconds=0.25, repeats=2,
        wall=1.01,
    )  # fmt: skip
    text = page.page(
        [
            _result(page, timing, "flip", tenfold=2000, Pillow=4000),
            _result(page, timing, "even", tenfold=1020, Pillow=1000),
            _result(page, timing, "bend", tenfold=900, kornia=300),
            _result(page, timing, "R1", kind="recipe", tenfold=4000, kornia=1000),
        ],
        conditions,
    )
    assert "Of 3 single transforms tenfold is the fastest in 1, level (within 5 %) in 1" in text
    assert "**slower than the fastest peer in 1**" in text
    assert "- Slower: flip (0.50 of Pillow)." in text
    assert "Of 1 recipes tenfold is the fastest in 1" in text
    assert "torchvision (does not load)" in text
    assert text.count("a note.") == 4


def test_a_section_is_put_in_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    sections = importlib.import_module("benchmarks.sections")
    page = "# A\n\ntext\n\n## B\n\nold\n\n## C\n\nmore\n"
    assert sections.section(page, "B") == "old"
    assert sections.section(page, "D") == ""
    assert sections.replaced(page, "B", "new") == page.replace("old", "new")
    assert sections.replaced(page, "C", "new") == page.replace("more", "new")
    added = sections.replaced(page, "D", "a\nb")
    assert added == page + "\n## D\n\na\nb\n"
    assert sections.section(added, "D") == "a\nb"


def test_loops_run_where_their_libraries_are() -> None:
    if importlib.util.find_spec("albumentations") is None:
        pytest.skip("albumentationsx is not installed (make bench-loops installs it)")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.loops", "--quick", "--only", "in memory"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "| 32x32 in memory | 2 workers |" in done.stdout


def test_the_geometric_mean(timing: Any) -> None:
    assert timing.geometric_mean([1, 4, 16]) == pytest.approx(4)
    assert timing.geometric_mean([0.5, 2]) == pytest.approx(1)


def test_a_summary_is_the_median_and_the_middle_half(timing: Any) -> None:
    rate = timing.summary([1, 90, 100, 110, 1000])
    assert rate.median == 100
    assert rate.spread == pytest.approx(0.2)
    assert timing.summary([7.0]) == timing.Rate(7.0, 0.0)


def test_libraries_take_turns_and_the_better_variant_counts(timing: Any) -> None:
    seen: list[str] = []

    def work(who: str, amount: int) -> Any:
        def call(item: int) -> int:
            seen.append(f"{who}{item}")
            return sum(range(amount))

        return call

    pace = timing.Pace(rounds=3, seconds=0.002, warm=0, repeats=0)
    clock = timing.Clock()
    rates = timing.measure(
        {
            "slow": [timing.Variant(work("s", 20000), [1, 2])],
            "fast": [
                timing.Variant(work("f", 20000), [1, 2, 3]),
                timing.Variant(work("b", 20000), [1], size=50),
            ],
        },
        pace,
        clock,
    )
    assert set(rates) == {"slow", "fast"}
    assert rates["fast"].median > 5 * rates["slow"].median  # fifty images a call
    assert {"s1", "s2", "f1", "f2", "f3", "b1"} <= set(seen)
    assert clock.processor > 0
    assert clock.wall > 0


def test_a_restless_row_is_measured_again(timing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = [{"a": timing.Rate(1, 0.5)}, {"a": timing.Rate(2, 0.3)}, {"a": timing.Rate(3, 0.4)}]
    left = iter(tries)
    monkeypatch.setattr(timing, "measure", lambda *_: next(left))
    pace = timing.Pace(rounds=1, seconds=0, warm=0, repeats=2)
    assert timing.settled({}, pace, timing.Clock()) == tries[1]


def test_it_runs_with_the_peers_that_are_there() -> None:
    if importlib.util.find_spec("albumentations") is None:
        pytest.skip("albumentationsx is not installed (make bench-peers installs it)")
    names = ["horizontal flip", "shot noise", "R1", "batches"]
    chosen = [word for name in names for word in ("--only", name)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers", "--quick", *chosen],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    for name in names:
        assert any(name in row and row.count("|") >= 5 for row in rows), name
    assert "Of 2 recipes" in done.stdout
