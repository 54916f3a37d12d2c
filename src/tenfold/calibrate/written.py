"""A calibration on disk: the recipe, the page and the numbers."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from pathlib import Path
from typing import Any

from tenfold.calibrate.findings import Calibration, Found
from tenfold.calibrate.limits import Side
from tenfold.calibrate.words import verdicts, warning, whole_in_words
from tenfold.declare.parse import dump_recipe
from tenfold.write.atomic import write_bytes


def write_recipe(found: Calibration, path: Path, command: str) -> None:
    """The recipe as YAML, headed by what was found.

    If no invariance holds there is no recipe, and one that is there from before is removed.

    Args:
        found: everything.
        path: where to.
        command: that made it.

    Raises:
        OutputError: it can't be written.
    """
    if not found.recipe.ops:
        path.unlink(missing_ok=True)
        return
    lines = [
        f"Measured by: {command}",
        f"A range ends where classifiers that never saw the sample read {100 * found.epsilon:g} "
        "points fewer labels (the lower end of a 95 % interval), or where training on it stops to "
        "help. A classifier's limit is a proxy for a person's: look at the page beside this file.",
        *(f"Take care: {said}" for said in [warning(found)] if said),
        *verdicts(found),
        whole_in_words(found),
    ]
    wrapped = [
        part for line in lines
        for part in textwrap.wrap(line, 94, subsequent_indent="    " if line[0] == " " else "  ")
    ]  # fmt: skip
    head = "".join(f"# {line}\n" for line in wrapped)
    write_bytes(path, (head + "\n" + dump_recipe(found.recipe)).encode())


def write_numbers(found: Calibration, path: Path) -> None:
    """All numbers as JSON.

    Raises:
        OutputError: it can't be written.
    """
    told = {
        "epsilon": found.epsilon, "judges": found.judges, "accuracy": found.accuracy,
        "classes": dict(zip(found.classes, found.counts, strict=True)), "groups": found.groups,
        "invariances": [_told(one) for one in found.found], "unmeasured": found.unmeasured,
        "whole": None if found.whole is None else dataclasses.asdict(found.whole),
        "together": found.together,
        "shrunk": None if found.shrunk is None else dataclasses.asdict(found.shrunk),
        "recipe": found.recipe.plain(), **found.about,
    }  # fmt: skip
    write_bytes(path, json.dumps(told, indent=1, ensure_ascii=False).encode())


def _told(found: Found) -> dict[str, Any]:
    return {
        "name": found.name,
        "axes": {
            parameter: {
                "start": found.axis(parameter).start,
                "factor": found.axis(parameter).log,
                "sides": [_side(found, parameter, side) for side in sides],
            }
            for parameter, sides in found.sides.items()
        },
        "turns": [dataclasses.asdict(turn) for turn in found.turns],
        "training": [
            {
                "factor": g.factor, "mean": g.estimate.mean, "low": g.estimate.low,
                "high": g.estimate.high, "of_judges": g.of_judges,
            }
            for g in found.gains
        ],
        "helps_until": found.helpful if found.gains else None,
        "in_recipe": [op.plain() for op in found.ops()],
        "left_out": found.why_not,
    }  # fmt: skip


def _side(found: Found, parameter: str, side: Side) -> dict[str, Any]:
    axis = found.axis(parameter)
    return {
        "values": [axis.value(side.sign * m) for m in side.levels.tolist()],
        "magnitudes": side.levels.tolist(), "shares": side.shares.tolist(),
        "low": side.low.tolist(), "high": side.high.tolist(),
        "of_judges": side.of_judges.tolist(), "limit": side.limit.told(),
        "limit_value": axis.value(side.sign * side.limit.magnitude),
        "judge_limits": side.judge_limits,
        "class_limits": [limit.told() for limit in side.class_limits],
        "psychometric": side.parameters, "fits": side.fitted,
    }  # fmt: skip
