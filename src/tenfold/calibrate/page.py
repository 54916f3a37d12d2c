"""The page of a calibration: curves, limits, and what images look like along each axis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenfold import __version__
from tenfold.calibrate import words
from tenfold.calibrate.calibration import Bench
from tenfold.calibrate.figure import class_limits, preservation
from tenfold.calibrate.findings import Calibration, Found
from tenfold.calibrate.pictures import columns, samples_of, turned
from tenfold.evaluate.page import page_template
from tenfold.study.classifiers import NAMES
from tenfold.write.atomic import write_bytes

_WIDTH = 76  # of a picture, pixels of the page


def write_page(found: Calibration, bench: Bench, path: Path, *, recipe: str, command: str) -> None:
    """Write the page.

    Args:
        found: everything.
        bench: has the samples.
        path: where to.
        recipe: the recipe file's name, for the page.
        command: that made it, for the page.

    Raises:
        OutputError: it can't be written.
    """
    page = page_template("tenfold.calibrate", "calibrate.html.j2").render(
        title="How far may each invariance go?", source=found.about["source"], command=command,
        version=__version__, recipe=recipe if found.recipe.ops else "",
        epsilon=f"{100 * found.epsilon:g}",
        facts=list(_facts(found)), rows=[_row(one) for one in found.found],
        unmeasured=found.unmeasured, whole=words.whole_in_words(found),
        sections=[_section(found, bench, one) for one in found.found], width=_WIDTH,
        judges=" and ".join(NAMES.get(j, j) for j in found.judges),
        trained=found.about["training"], warning=words.warning(found),
    )  # fmt: skip
    write_bytes(path, page.encode())


def _facts(found: Calibration) -> Iterator[tuple[str, str, str]]:
    height, width, channels = found.about["shape"]
    colours = "grey" if channels == 1 else "RGB" if channels == 3 else f"{channels} channels"
    yield f"{sum(found.counts):,}", "samples", f"{width}×{height}, {colours}"
    yield f"{len(found.classes)}", "classes", f"{min(found.counts):,} samples or more in each"
    if found.groups < sum(found.counts):
        yield f"{found.groups:,}", "groups", "kept together"
    for name, share in zip(found.judges, found.accuracy, strict=True):
        yield f"{100 * share:.1f} %", f"read by {NAMES.get(name, name)}", "unchanged"
    kept = sum(1 for one in found.found if one.ops())
    yield f"{kept} of {len(found.found)}", "invariances", "are in the recipe"


def _row(found: Found) -> dict[str, str]:
    kept = words.range_in_words(found)
    return {
        "name": found.name, "range": kept, "why": found.why_not,
        "training": words.training_in_words(found),
    }  # fmt: skip


def _section(found: Calibration, bench: Bench, one: Found) -> dict[str, Any]:
    picked = samples_of(bench, _told_classes(one))
    return {
        "name": one.name, "range": words.range_in_words(one), "why": one.why_not,
        "axes": [_axis(found, bench, one, parameter) for parameter in one.sides],
        "turns": [
            {
                "name": turn.name, "holds": turn.holds, "fall": words.fall_in_words(turn.fall),
                "classes": [
                    (name, fall.holds(found.epsilon), words.points(-fall.mean, signed=True))
                    for name, fall in zip(found.classes, turn.of_classes, strict=True)
                ],
            }
            for turn in one.turns
        ],
        "turned": turned(bench, one, picked) if one.turns else [],
        "gains": [
            (f"{words.number(g.factor)} × the limits" if one.sides else "as it is",
             words.gain_in_words(g))
            for g in one.gains
        ],
    }  # fmt: skip


def _told_classes(one: Found) -> list[int]:
    """Of classes that suffer most, and least, by the first turn."""
    if not one.turns:
        return []
    falls = [fall.mean for fall in one.turns[0].of_classes]
    order = sorted(range(len(falls)), key=falls.__getitem__)
    return [order[0], order[-1], order[len(order) // 2]]


def _axis(found: Calibration, bench: Bench, one: Found, parameter: str) -> dict[str, Any]:
    axis, sides = one.axis(parameter), one.sides[parameter]
    order = [limit.number for limit in one.class_limits(parameter)]
    ends = [(found.classes[k], k) for k in (order[0], order[-1])]
    reach = one.reach(one.helpful).get(parameter, (0.0, 0.0)) if one.ops() else (0.0, 0.0)
    goal = sum(found.accuracy) / len(found.accuracy) - found.epsilon
    named = f"{one.name}, {parameter}"
    unit = words.unit_of(one, axis)
    picked = samples_of(bench, [order[0], order[-1], order[len(order) // 2]])
    return {
        "parameter": parameter, "unit": unit, "ends": [name for name, _ in ends],
        "limits": [words.limit_in_words(one, axis, side) for side in sides],
        "judges": [
            (NAMES.get(name, name), ", ".join(
                words.number(axis.value(side.sign * side.judge_limits[j])) for side in sides
            ))
            for j, name in enumerate(found.judges)
        ],
        "fits": all(side.fitted for side in sides),
        "curves": preservation(axis, sides, reach, goal, ends, name=f"Labels read along {named}"),
        "classes": class_limits(
            axis, sides, found.classes, order, name=f"Limits of the classes along {named}"
        ),
        "told": words.classes_in_words(one, parameter, found.classes),
        "columns": columns(bench, one, parameter, picked),
    }  # fmt: skip
