"""The report: one whole page, true numbers, and nothing that a strange name could break."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tenfold.evaluate.charts import histogram, number
from tenfold.evaluate.names import duration, shell
from tenfold.evaluate.pictures import Example, example
from tenfold.evaluate.report import Parameter, ReportData, parameters_of, write_report
from tenfold.evaluate.tally import ClassCounts, Histogram, collect
from tenfold.evaluate.words import in_words, rounded
from tenfold.ops import Crop, MedianBlur, Scaling, Shear, Translation
from tenfold.params import Range, Spec
from tenfold.samples.sample import Sample
from tenfold.samples.source import Item, Quarantined

EVIL = "<script>alert(1)</script>\n\udcff\"'&{{x}}"


class Page(HTMLParser):
    """All tags, attributes and text of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def lines(samples: int = 50, copies: int = 9) -> Iterator[dict[str, Any]]:
    """A manifest of two classes, a train and a val part."""
    rng = np.random.default_rng(7)
    for i in range(samples):
        label = ("cat", "dog")[i % 2]
        base = {"item": f"train/{label}/{i}.png", "split": "train", "label": label, "labels": []}
        yield {**base, "copy": 0, "kind": "original", "ops": [], "annotations": {}}
        for copy in range(1, copies + 1):
            ops = [{"op": "rotation", "drawn": {"degrees": float(rng.uniform(-15, 15))}}]
            if copy % 3 == 0:
                drawn = {"photons": float(10 ** rng.uniform(1, 3)), "seed": 5, "kind": "poisson"}
                ops.append({"op": "shot_noise", "drawn": drawn})
            if copy == 1:
                ops = []
            yield {
                **base, "copy": copy, "kind": "copy", "ops": ops, "labels": ["RBC", "WBC"],
                "annotations": {"clipped": 2, "dropped": copy % 2},
            }  # fmt: skip
    yield {"item": "val/cat/1.png", "split": "val", "copy": 0, "kind": "untouched",
           "label": "cat", "labels": [], "ops": [], "annotations": {}}  # fmt: skip


def data(**changes: Any) -> ReportData:
    items = [Item(f"{i}", "train", ("cat", "dog")[i % 2]) for i in range(50)]
    facts: dict[str, Any] = {
        "title": "ten times",
        "command": ["tenfold", "augment", "in", "out"],
        "source": "/data/in",
        "layout": "folder",
        "destination": "/data/out",
        "seed": 42,
        "seed_drawn": False,
        "recipe_name": "natural",
        "recipe_hash": "ab" * 32,
        "recipe_yaml": "version: 1\ninvariances:\n- rotation: 15\n",
        "assumes": "photographs.",
        "passes": ["warp: rotation"],
        "versions": {"tenfold": "0.1.0", "numpy": "2"},
        "started": datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
        "seconds": 10.0,
        "inputs": 51,
        "totals": collect(lines()),
        "before": ClassCounts.of_items([*items, Item("v", "val", "cat")]),
        "parameters": {"rotation.degrees": Parameter("degrees", -15, 15)},
        "classes": ("dog", "cat"),
    }
    return ReportData(**{**facts, **changes})


def written(folder: Path, facts: ReportData) -> tuple[str, dict[str, Any]]:
    write_report(folder, facts)
    html = (folder / "report.html").read_text("utf-8")
    return html, json.loads((folder / "report.json").read_text("ascii"))


def some_example(name: str = "train/cat/1.png", label: str = "cat") -> Example:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    sample = Sample(name, image, label=label)
    line = {"copy": 3, "ops": [{"op": "rotation", "drawn": {"degrees": 3.24}}]}
    return example(sample, [(sample, line)], units={"rotation.degrees": "degrees"})


def test_counts_add_up() -> None:
    sums = collect(lines())
    assert sums.outputs == 50 * 10 + 1
    assert (sums.kind("original"), sums.kind("copy"), sums.kind("untouched")) == (50, 450, 1)
    assert sums.kinds["train"] == {"original": 50, "copy": 450}
    assert sums.classes.images == {"train": {"cat": 250, "dog": 250}, "val": {"cat": 1}}
    assert sums.classes.objects == {"train": {"RBC": 450, "WBC": 450}}
    assert sums.annotations == {"clipped": 900, "dropped": 250}
    assert sums.plain_copies == 50
    assert sums.ops["rotation"].acted == 400
    assert sums.ops["shot_noise"].acted == 150
    assert sums.ops["shot_noise"].words == {"kind": {"poisson": 150}}
    assert "seed" not in sums.ops["shot_noise"].numbers


def test_the_order_of_lines_does_not_matter() -> None:
    listed = list(lines())
    shuffled = [listed[i] for i in np.random.default_rng(0).permutation(len(listed))]
    one, two = collect(listed), collect(shuffled)
    assert one.classes == two.classes
    assert one.ops["rotation"].numbers["degrees"].cells == (
        two.ops["rotation"].numbers["degrees"].cells
    )


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_a_streamed_histogram_agrees_with_numpy(scale: float) -> None:
    values = np.random.default_rng(1).normal(0, scale, 20_000)
    streamed = Histogram()
    for value in values.tolist():
        streamed.add(value)
    edges, counts = streamed.bins(20)
    expected, _ = np.histogram(values, edges)
    assert len(streamed.cells) <= 2048
    assert sum(counts) == len(values)
    # Values may land one cell beside an edge: a 1/1000 of the range, 1/50 of a bin.
    assert np.abs(np.array(counts) - expected).max() <= 0.02 * expected.max() + 5
    assert (streamed.low, streamed.high) == (values.min(), values.max())
    assert streamed.mean == pytest.approx(values.mean(), abs=1e-9 * scale)


def test_logarithmic_histograms_have_logarithmic_bins() -> None:
    streamed = Histogram(log=True)
    for value in (10 ** np.random.default_rng(1).uniform(1, 3, 20_000)).tolist():
        streamed.add(value)
    edges, counts = streamed.bins(10, within=(10, 1000))
    assert edges == pytest.approx(np.logspace(1, 3, 11).tolist())
    assert np.abs(np.array(counts) / 2000 - 1).max() < 0.1


def test_whole_numbers_get_a_bin_each() -> None:
    streamed = Histogram()
    for value in [1, 2, 2, 4]:
        streamed.add(value)
    assert streamed.bins() == ([0.5, 1.5, 2.5, 3.5, 4.5], [1, 2, 0, 1])


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True)), st.booleans())
def test_any_numbers_can_be_counted(values: list[float], log: bool) -> None:
    streamed = Histogram(log=log)
    for value in values:
        streamed.add(value)
    usable = [v for v in values if abs(v) < 1e200 and (v > 0 or not log)]
    edges, counts = streamed.bins()
    assert streamed.count == len(usable) == sum(counts)
    assert len(edges) == len(counts) + 1


def test_the_page_is_one_file_without_references(tmp_path: Path) -> None:
    html, _ = written(tmp_path, data(examples=[some_example()]))
    page = Page(html)
    assert page.open == []
    assert page.tags["img"] == 2
    for tag in ("script", "link", "iframe", "object", "embed", "base", "form"):
        assert page.tags[tag] == 0
    ids = {value for _, name, value in page.attributes if name == "id"}
    for _, name, value in page.attributes:
        if name in ("src", "srcset", "data", "action"):
            assert value.startswith("data:image/")
        if name == "href":
            assert value.removeprefix("#") in ids
        assert not name.startswith("on")
    assert "http" not in html.replace("http-equiv", "")
    assert "url(" not in html
    assert "@import" not in html


def test_pictures_survive_in_the_page(tmp_path: Path) -> None:
    html, _ = written(tmp_path, data(examples=[some_example()]))
    sources = [v for _, name, v in Page(html).attributes if name == "src"]
    for source in sources:
        picture = Image.open(io.BytesIO(base64.b64decode(source.partition("base64,")[2])))
        picture.load()
        assert picture.size == (288, 288)


def test_the_numbers_are_on_the_page_and_in_the_json(tmp_path: Path) -> None:
    quarantined = [Quarantined("bad.png", "empty file")]
    html, facts = written(tmp_path, data(quarantined=quarantined, notes=["look here"]))
    text = Page(html).text
    expected = ("501", "9.82 times", "50.1 outputs a second", "bad.png", "empty file", "look here")
    for words in (*expected, "tenfold augment in out", "seed 42", "acted on 400 copies"):
        assert words in text, words
    assert facts["outputs"] == 501
    assert facts["copies"] == 450
    assert facts["classes"]["before"]["images"]["train"] == {"cat": 25, "dog": 25}
    assert facts["classes"]["after"]["images"]["train"] == {"cat": 250, "dog": 250}
    rotation = facts["ops"]["rotation"]
    assert rotation["acted"] == sum(rotation["parameters"]["degrees"]["counts"]) == 400
    assert rotation["parameters"]["degrees"]["declared"] == [-15, 15]
    assert facts["quarantined"] == [{"item": "bad.png", "reason": "empty file"}]
    assert facts["outputs_per_second"] == pytest.approx(50.1)


def test_strange_names_are_shown_and_break_nothing(tmp_path: Path) -> None:
    manifest = [
        {"item": EVIL, "split": EVIL, "copy": 1, "kind": "copy", "label": EVIL, "labels": [EVIL],
         "ops": [{"op": EVIL, "drawn": {EVIL: 1.0, "b": EVIL}}], "annotations": {EVIL: 1}},
        {"item": EVIL, "split": EVIL, "copy": 2, "kind": "copy", "label": EVIL, "labels": [],
         "ops": [{"op": EVIL, "drawn": {EVIL: 2.0}}], "annotations": {}},
    ]  # fmt: skip
    facts = data(
        title=EVIL, command=[EVIL], source=EVIL, layout=EVIL, destination=EVIL, recipe_name=EVIL,
        recipe_yaml=EVIL, assumes=EVIL, passes=[EVIL], versions={EVIL: EVIL}, classes=(EVIL,),
        totals=collect(manifest), quarantined=[Quarantined(EVIL, EVIL)] * 3, notes=[EVIL],
        parameters={f"{EVIL}.{EVIL}": Parameter(EVIL, 0, 3, doc=EVIL)},
        examples=[some_example(EVIL, EVIL)],
    )  # fmt: skip
    html, plain = written(tmp_path, facts)
    page = Page(html)
    assert page.open == []
    assert page.tags["script"] == 0
    assert page.text.count("<script>alert(1)</script>") > 10
    assert r"</script>\n\xff" in page.text
    assert plain["quarantined"][0]["item"] == EVIL
    assert os.fsencode(plain["quarantined"][0]["item"]) == os.fsencode(EVIL)


def test_an_empty_run_has_a_page_too(tmp_path: Path) -> None:
    html, facts = written(
        tmp_path, data(totals=collect([]), before=ClassCounts(), inputs=0, seconds=0.0)
    )
    assert Page(html).open == []
    assert facts["outputs"] == 0
    assert facts["outputs_per_second"] == 0


def test_the_page_stays_small_whatever_there_is_to_tell(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    sample = Sample("a", noise)
    one = example(sample, [(sample, {"copy": i}) for i in range(1, 5)])
    many = data(
        examples=[one] * 40,
        quarantined=[Quarantined(f"{i}.png", f"reason {i}: x") for i in range(20_000)],
        before=ClassCounts.of_items(Item(f"{i}", "train", f"class {i}") for i in range(1000)),
    )
    html, facts = written(tmp_path, many)
    assert len(html) < 3_100_000
    assert "more examples were left out" in html
    assert len(facts["quarantined"]) == 20_000


def test_a_drawn_seed_is_told(tmp_path: Path) -> None:
    html, facts = written(tmp_path, data(seed=2**70, seed_drawn=True))
    assert f"--seed {2**70}" in Page(html).text
    assert facts["seed"] == 2**70


def test_captions_tell_what_was_done() -> None:
    units = {"rotation.degrees": "degrees", "translation.x": "px", "translation.y": "px"}
    assert in_words("rotation", {"degrees": 3.2401}, units) == "rotation 3.24 degrees"
    assert (
        in_words("translation", {"x": 1, "y": -2, "u": 0.5}, units) == "translation x 1 px, y -2 px"
    )
    assert in_words("erase", {"fill": "mean", "seed": 3}, {}) == "erase fill mean"
    assert in_words("reflection", {}, {}) == "reflection"
    chosen = {"choice": 0.3, "sign": 0.1, "1.shear_x": -0.25}
    assert in_words("trivial", chosen, units) == "trivial shear x -0.25"


def test_captions_leave_out_what_changes_nothing() -> None:
    ops = [Scaling(), Shear(), Crop(), MedianBlur(), Translation()]
    declared = parameters_of((op.name, op.ranges()) for op in ops)
    units = {name: p.unit for name, p in declared.items()}
    neutrals = {name: p.neutral for name, p in declared.items() if p.neutral is not None}

    def said(op: str, **drawn: float) -> str:
        return in_words(op, drawn, units, neutrals)

    assert said("scaling", factor=1.049, anisotropy=1) == "scaling factor 1.05 times"
    assert said("shear", x=-2.345, y=0) == "shear x -2.35 degrees"
    assert said("shear", x=0, y=0) == ""
    assert said("crop", area=0.61234, aspect=1, x=0.3, y=0.9) == "crop area 0.61 of the area"
    assert said("median_blur", radius=0) == ""
    assert said("translation", x=0.00012, y=0) == "translation x 0.00012 of the width"


def test_captions_of_reflections_are_words() -> None:
    def said(*axes: str, op: str = "reflection") -> str:
        drawn = {a: int(a in axes) for a in ("horizontal", "vertical", "transpose")}
        return in_words(op, drawn, {})

    assert said("horizontal") == "mirrored left-right"
    assert said("vertical", op="reflection#2") == "mirrored top-bottom"
    assert said("transpose") == "transposed"
    assert said("horizontal", "vertical") == "mirrored left-right and top-bottom"
    assert said("vertical", "transpose") == "mirrored top-bottom, transposed"
    assert said() == ""


def test_captions_of_policies_leave_out_the_identity() -> None:
    assert in_words("trivial", {"1.identity": 0.0}, {}) == ""
    assert in_words("trivial", {"1.rotation": 0.0}, {}) == ""
    assert in_words("trivial", {"1.equalize": 0.0}, {}) == "trivial equalize"
    assert in_words("trivial", {"1.posterize": 8.0}, {}) == ""
    both = {"1.identity": 0.0, "2.rotation": -31.51}
    assert in_words("rand", both, {}) == "rand rotation -31.5"


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0"), (-2.0, "-2"), (12.345, "12.3"), (3.2401, "3.24"), (0.5, "0.50"), (0.03123, "0.031"),
     (0.000012345, "0.000012"), (5321.7, "5,322"), (-0.1, "-0.10"), (1e-12, "1e-12"),
     (float("nan"), "nan"), (1e300, "1e+300")],
)  # fmt: skip
def test_numbers_in_captions_have_no_powers_of_ten(value: float, told: str) -> None:
    assert rounded(value) == told


def test_a_copy_without_a_change_is_told_from_one_that_only_changed_its_size(
    tmp_path: Path,
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    sample = Sample("a.png", image)
    line = {"copy": 1, "ops": [{"op": "crop", "drawn": {"area": 1.0, "aspect": 1.0}}]}
    told: dict[str, Any] = {"units": {"crop.area": "", "crop.aspect": ""},
            "neutrals": {"crop.area": 1.0, "crop.aspect": 1.0}}  # fmt: skip
    same = example(sample, [(sample, line)], **told)
    assert same.shots[1].done == ()
    resized = example(sample, [(Sample("a.png", image[:16, :16]), line)], **told)
    assert resized.shots[1].done == ("crop",)
    html, _ = written(tmp_path, data(examples=[same, resized]))
    assert Page(html).text.count("same as the original") == 1


def test_reflections_are_told_in_shares_not_as_inner_numbers(tmp_path: Path) -> None:
    manifest = [
        {"item": "a", "split": "train", "copy": i, "kind": "copy", "label": "cat", "labels": [],
         "annotations": {}, "ops": [] if i % 2 else [{"op": "reflection", "drawn": {
             "horizontal": 1, "vertical": int(i % 4 == 0), "transpose": 0}}]}
        for i in range(1, 401)
    ]  # fmt: skip
    html, _ = written(tmp_path, data(totals=collect(manifest)))
    text = Page(html).text
    assert "left-right 50 %, top-bottom 25 % of all copies" in text
    assert "inner number" not in text


def test_parameters_come_from_the_ops() -> None:
    spec = Spec("range", "angle", unit="degrees", neutral=0)
    found = parameters_of([("rotation#2", {"degrees": (spec, Range(1, 8, "loguniform"))})])
    assert found == {"rotation#2.degrees": Parameter("degrees", 1, 8, True, "angle", 0)}


def test_charts_are_well_formed() -> None:
    svg = str(histogram([0, 1, 2], [0, 3], name="<a>", unit='"<b>'))
    assert Page(svg).open == []
    assert "<b>" not in svg
    assert "<a>" not in svg
    assert [number(x) for x in (1234, 0.03123, 1e-7, 1234.5, -2.0)] == [
        "1,234", "0.0312", "1e-07", "1,234", "-2"
    ]  # fmt: skip
    assert [duration(s) for s in (1.26, 125, 11040)] == ["1.3 s", "2 min 05 s", "3 h 04 min"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("word", ["plain", "a b", "it's", "a\nb\udcff", "\\n'\n$x", "ü\u202e", ""])
def test_the_command_can_be_pasted_into_a_shell(word: str) -> None:
    command = shell(["printf", "%s", word])
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert command.isprintable()
    assert done.stdout == os.fsencode(word)
