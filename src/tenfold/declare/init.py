"""The commented recipe that `tenfold recipe init` writes, fitting the data.

It starts from the preset of the nearest field, whose lines bring their reasons along, leaves
out what this data can't bear, says why, and lists everything else that could be declared.
"""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterator

import numpy as np

from tenfold.declare import yaml_text
from tenfold.declare.fit import MANY_VALUES
from tenfold.declare.names import field_of
from tenfold.declare.parse import load_recipe
from tenfold.declare.presets import preset_text
from tenfold.declare.starter_lines import Line, Situation, listed, one_line, with_added
from tenfold.declare.survey import Facts, survey
from tenfold.declare.whites import range_line, white_of
from tenfold.ops.catalogue import OPS

__all__ = ["Facts", "choose_base", "starter_recipe", "survey"]


def choose_base(facts: Facts) -> tuple[str, str]:
    """The preset to start from, and why."""
    field, words = field_of(facts.name, facts.classes)
    # Numbers in colour on no ground of one tone only number the classes, as a rule.
    if facts.signs() and field in ("", "document") and (facts.grey or facts.background is not None):
        return "document", "the classes are digits or letters"
    if field:
        base = "natural" if field == "signs" else field
        return base, f"names such as {listed(words)} speak of that field"
    if max(facts.channels) > 4:
        return "satellite", f"{max(facts.channels)} channels are most often remote sensing"
    if facts.dtypes != ("uint8",):
        return "medical", (
            f"{' and '.join(facts.dtypes)} values are measurements; this is the most careful preset"
        )
    if facts.grey and facts.background is not None and facts.background > 0.8:
        return "document", "the images are grey on a white background"
    if facts.grey:
        return "medical", "the images are grey; this is the most careful preset"
    return "natural", "nothing speaks of a particular field"


def starter_recipe(facts: Facts, base: str | None = None) -> str:
    """A commented recipe (YAML) that fits the data; `load_recipe` reads it.

    Args:
        facts: see `survey`.
        base: preset to start from; chosen from the facts if None.
    """
    why = "as you asked"
    if base is None:
        base, why = choose_base(facts)
    text = preset_text(base)
    mode, reason = _border(facts, base, text)
    situation = Situation(facts, base, mode)
    kept, dropped = [], []
    for line in with_added(_lines(text), situation.added()):
        problem = situation.problem(line.op)
        if problem is None:
            kept.append(situation.fitted(line))
        else:
            dropped.append((line, problem))
    parts = [
        *_header(facts, base, why),
        "version: 1",
        f"name: {_quoted(facts.name)}",
        "assumes: >-",
        *textwrap.wrap(_assumption(text), 94, initial_indent="  ", subsequent_indent="  "),
        "",
        f"# Beyond the edge: {reason}",
        f"border: {mode}",
        *_settings(facts),
        "",
        "# What may change without changing the label, in the order of application. Each copy",
        "# draws anew. Delete what is not true of your data: a false invariance costs accuracy.",
        "invariances:",
    ]
    for line in kept:
        parts += [*(f"  # {c}" for c in line.comments), f"  {line.yaml}", ""]
    if dropped:
        parts += [f"  # In the preset '{base}', but off for this data:"]
        for line, problem in dropped:
            parts += [f"  # {line.yaml}  # off: {problem}"]
        parts.append("")
    parts += list(_further(situation, {line.op for line in [*kept, *_lines(text)]}))
    out = "\n".join(parts).rstrip("\n") + "\n"
    load_recipe(out)  # what it writes is always a recipe
    return out


def _header(facts: Facts, base: str, why: str) -> Iterator[str]:
    height, width = facts.smallest
    size = f"{width}x{height}"
    if facts.smallest != facts.largest:
        size += f" to {facts.largest[1]}x{facts.largest[0]}"
    one = facts.channels == (1,)
    colours = f"{'/'.join(map(str, facts.channels))} channel{'' if one else 's'}"
    if facts.grey:
        colours = "grey"
    yield f"# A first recipe for {one_line(facts.name)}, made by `tenfold recipe init`."
    yield f"# Seen in {facts.looked_at} of {facts.samples} samples ({facts.layout}):"
    yield f"#   {size} pixels, {colours}, {', '.join(facts.dtypes)}"
    if facts.background is not None:
        yield f"#   on a uniform background of {facts.background:.2f} (0 black, 1 white)"
    if facts.classes:
        many = "class" if len(facts.classes) == 1 else "classes"
        yield f"#   {len(facts.classes)} {many}: {listed(facts.classes)}"
    if targets := _targets(facts):
        yield f"#   with {', '.join(targets)}, which move along with the image"
    if facts.has_keypoints and facts.keypoint_pairs:
        yield "#   the dataset says which keypoints are left and right: they trade places in a"
        yield "#   reflection"
    if facts.fewest and facts.most > 3 * facts.fewest:
        yield (
            f"#   the rarest class has {facts.fewest}, the commonest {facts.most}: "
            "consider `tenfold augment --balance`"
        )
    yield f"# It starts from the preset '{base}', since {one_line(why)}."
    yield "# Look at what it does: tenfold preview SRC --recipe THIS_FILE -o contact.png"
    yield ""


def _targets(facts: Facts) -> list[str]:
    known = {
        "masks": facts.has_masks,
        "boxes": facts.has_boxes,
        "outlines (polygons)": facts.has_outlines,
        "masks of objects (RLE)": facts.has_object_masks,
        "keypoints": facts.has_keypoints,
    }
    return [name for name, there in known.items() if there]


def _border(facts: Facts, base: str, text: str) -> tuple[str, str]:
    """The border's mode, and what it shows (the end of a comment)."""
    objects = facts.has_boxes or facts.has_keypoints
    found = re.search(r"^border: (\w+)", text, re.MULTILINE)
    own = found.group(1) if found else "auto"
    if base == "satellite":
        if max(facts.channels) > 3 and not objects:
            return "reflect", "the ground mirrored, which keeps its resolution."
        return "crop", "no ground is invented and none is left blank: the largest safe crop."
    if facts.background is not None:
        return "background", "the images' own background, measured in each."
    if objects:
        return "crop", (
            "nothing, zoomed in until none shows. These images show picture up to\n# the edge: a "
            "mirrored object would have no label, and one tone would look like a frame."
        )
    if own == "background":
        return own, "each image's own background, though the edges are not of one tone."
    return "reflect", "the picture mirrored."


def _settings(facts: Facts) -> Iterator[str]:
    values = facts.values
    white = None if values is None else white_of(facts.dtypes[0], values)
    if values is not None and white is not None:
        bits = int(white[1] - white[0]).bit_length()
        yield (
            f"# Black and white; measured: {values.least:.0f}..{values.most:.0f}; "
            f"{bits} bits in {8 * np.dtype(facts.dtypes[0]).itemsize}."
        )
        yield "# All changes of intensity are shares of this range and are clipped to it."
        yield range_line(white)
    if facts.has_masks:
        yield from _ignored(facts)
        if 2 <= len(facts.mask_values) <= MANY_VALUES:
            yield "# Mask values that trade places in a reflection (left and right kidney); [] if"
            yield "# none do."
            yield "# mask_pairs: [[1, 2]]"
    if facts.has_boxes:
        yield "# Objects of which less than this share stays in the picture lose their label."
        yield "min_visibility: 0.1"
    if facts.has_keypoints and not facts.keypoint_pairs:
        yield "# Left and right keypoints by their numbers from 0, such as eyes; [] if there are"
        yield "# none. Needed for reflection."
        yield "# keypoint_pairs: [[1, 2], [3, 4]]"


def _ignored(facts: Facts) -> Iterator[str]:
    top = min(facts.mask_top, 65535)
    usual = 255 if top == 255 or len(facts.mask_values) <= MANY_VALUES else top
    taken = usual in facts.mask_values
    if taken:
        usual = next((v for v in range(min(top, usual), 0, -1) if v not in facts.mask_values), 0)
    yield "# Mask value for pixels that show no original picture; your loss should ignore it."
    if not usual:
        yield f"# All values up to {top} are taken, so there is none to propose."
        return
    if taken:
        yield "# (The usual 255 is taken: it occurs in the masks.)"
    yield f"# ignore_value: {usual}"


def _further(situation: Situation, used: set[str]) -> Iterator[str]:
    yield "  # Everything else that may be declared, written '- name' for its defaults (what it"
    yield "  # does, ranges and units: docs/recipes.md):"
    for family, classes in itertools.groupby(OPS.values(), key=lambda cls: cls.family):
        free: dict[str | None, list[str]] = {None: []}
        for name in (cls.name for cls in classes if cls.name not in used):
            free.setdefault(situation.problem(name), []).append(name)
        words = [", ".join(free.pop(None))]
        words += [f"not {', '.join(names)}: {one_line(str(why))}" for why, names in free.items()]
        if any(words) and family != "policy":
            yield f"  #   {family}: {'; '.join(filter(None, words))}"


def _lines(text: str) -> Iterator[Line]:
    """The invariances of a preset, which are written one a line, comments above."""
    comments: list[str] = []
    for raw in text.partition("\ninvariances:\n")[2].splitlines():
        row = raw.strip()
        if row.startswith("#"):
            comments.append(row.lstrip("# "))
        elif row.startswith("- "):
            name = re.match(r"- (\w+)", row)
            yield Line(tuple(comments), row, name.group(1) if name else "")
            comments = []
        else:
            comments = []


def _assumption(text: str) -> str:
    data, _ = yaml_text.read(text)
    return str(data["assumes"])


def _quoted(text: str) -> str:
    """Text as a YAML scalar on one line."""
    clean = one_line(text, 400).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{clean}"'
