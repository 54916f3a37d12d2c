"""The commented recipe that `tenfold recipe init` writes, fitting the data.

It starts from the preset of the nearest field, whose lines bring their reasons along, leaves
out what this data can't bear, says why, and lists everything else that could be declared.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from tenfold.declare import yaml_text
from tenfold.declare.parse import load_recipe
from tenfold.declare.presets import preset_text
from tenfold.declare.survey import Facts, survey
from tenfold.ops.catalogue import OPS

__all__ = ["Facts", "choose_base", "starter_recipe", "survey"]

SMALL = 48
"""Below this side (pixels) an image has no detail to spare for blur and compression."""

_FIELDS = {
    "satellite": "satellite aerial drone landsat sentinel eurosat highway residential farmland "
    "cropland pasture airport runway harbor harbour orchard urban land sealake annualcrop",
    "microscopy": "cell cells rbc wbc platelet platelets nucleus nuclei mitochondria mitochondrion "
    "membrane neuron bacteria histology histopathology stain microscopy em blood axon synapse "
    "parasite parasitized uninfected mitosis organoid spore pollen",
    "medical": "ct mri xray tumor tumour lesion pneumonia covid lung lungs kidney liver chest "
    "fracture polyp retina retinal glaucoma melanoma nevus benign malignant brain covid19 glioma "
    "meningioma pituitary effusion cardiomegaly ultrasound mammography stenosis artery prostate",
    "document": "document documents page text word paragraph invoice receipt form handwriting "
    "handwritten digits digit letter letters omniglot mnist pen stroke ocr script",
}
"""Words in a dataset's name or classes that tell its field."""


@dataclass(frozen=True)
class _Line:
    """One invariance of a preset: its comment lines, its YAML, and the op's name."""

    comments: tuple[str, ...]
    yaml: str
    op: str


def choose_base(facts: Facts) -> tuple[str, str]:
    """The preset to start from, and why."""
    if facts.signs():
        return "document", "the classes are digits or letters"
    words = set(re.split(r"[^a-z0-9]+", " ".join([facts.name, *facts.classes]).lower()))
    found = {f: sorted(words & set(known.split())) for f, known in _FIELDS.items()}
    best = max(found, key=lambda field: len(found[field]))
    if found[best]:
        return best, f"names such as {_listed(found[best])} speak of that field"
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
    kept, dropped = [], []
    for line in _lines(text):
        problem = _problem(line.op, facts)
        if problem is None:
            kept.append(line)
        else:
            dropped.append((line, problem))
    replaced = [_replacement(line, facts) for line in kept]
    parts = [
        *_header(facts, base, why),
        "version: 1",
        f"name: {_quoted(facts.name)}",
        "assumes: >-",
        *textwrap.wrap(_assumption(text), 94, initial_indent="  ", subsequent_indent="  "),
        "",
        *_settings(facts, text),
        "",
        "# What may change without changing the label, in the order of application. Each copy",
        "# draws anew. Delete what is not true of your data: a false invariance costs accuracy.",
        "invariances:",
    ]
    for line in replaced:
        parts += [*(f"  # {c}" for c in line.comments), f"  {line.yaml}", ""]
    if dropped:
        parts += [f"  # In the preset '{base}', but off for this data:"]
        for line, problem in dropped:
            parts += [f"  # {line.yaml}  # off: {problem}"]
        parts.append("")
    parts += list(_further(facts, {line.op for line in [*kept, *(d for d, _ in dropped)]}))
    out = "\n".join(parts).rstrip("\n") + "\n"
    load_recipe(out)  # what it writes is always a recipe
    return out


def _header(facts: Facts, base: str, why: str) -> Iterator[str]:
    height, width = facts.smallest
    size = f"{width}x{height}"
    if facts.smallest != facts.largest:
        size += f" to {facts.largest[1]}x{facts.largest[0]}"
    colours = "grey" if facts.grey else f"{'/'.join(map(str, facts.channels))} channels"
    yield f"# A first recipe for {_one_line(facts.name)}, made by `tenfold recipe init`."
    yield f"# Seen in {facts.looked_at} of {facts.samples} samples ({facts.layout}):"
    yield f"#   {size} pixels, {colours}, {', '.join(facts.dtypes)}"
    if facts.background is not None:
        yield f"#   on a uniform background of {facts.background:.2f} (0 black, 1 white)"
    if facts.classes:
        yield f"#   {len(facts.classes)} classes: {_listed(facts.classes)}"
    targets = [t for t in ("masks", "boxes", "keypoints") if getattr(facts, f"has_{t}")]
    if targets:
        yield f"#   with {', '.join(targets)}, which move along with the image"
    if facts.fewest and facts.most > 3 * facts.fewest:
        yield (
            f"#   the rarest class has {facts.fewest}, the commonest {facts.most}: "
            "consider `tenfold augment --balance`"
        )
    yield f"# It starts from the preset '{base}', since {_one_line(why)}."
    yield "# Look at what it does: tenfold preview SRC --recipe THIS_FILE -o contact.png"
    yield ""


def _settings(facts: Facts, text: str) -> Iterator[str]:
    if facts.background is not None:
        yield "# Beyond the edge: the images' own background, measured in each."
        yield "border: background"
    elif facts.has_boxes or facts.has_keypoints:
        yield "# Beyond the edge: a mirrored object would have no label, so the images' background."
        yield "border: background"
    elif match := re.search(r"^((?:# .*\n)*)border: .*$", text, re.MULTILINE):
        yield match.group(0)
    else:
        yield "# Beyond the edge: the picture mirrored."
        yield "border: reflect"
    if facts.has_masks:
        yield "# Mask value for pixels that show no original picture; your loss should ignore it."
        yield "# ignore_value: 255"
    if facts.has_boxes:
        yield "# Objects of which less than this share stays in the picture lose their label."
        yield "min_visibility: 0.3"
    if facts.has_keypoints and not facts.keypoint_pairs:
        yield "# Left and right keypoints by their numbers from 0, such as eyes; [] if there are"
        yield "# none. Needed for reflection."
        yield "# keypoint_pairs: [[1, 2], [3, 4]]"


def _problem(op: str, facts: Facts) -> str | None:
    """Why an invariance of the preset isn't one of this data; None if it may be."""
    if op == "reflection":
        if facts.signs():
            pairs = _pairs_text(facts.mirrored_signs())
            return f"a mirrored digit or letter is another sign or none{pairs}"
        if facts.handed():
            return f"classes say left or right ({_listed(facts.handed())})"
        if facts.directed():
            return f"classes say a direction ({_listed(facts.directed())})"
        if facts.has_keypoints and not facts.keypoint_pairs:
            return "left keypoints would become right ones; first give keypoint_pairs above"
    cls = OPS[op]
    if cls.family == "colour" and facts.grey and op not in _GREY_COLOURS:
        return "the images are grey"
    if not set(facts.channels) <= {1, 3} and (cls.family == "colour" or op == "jpeg"):
        return f"it is defined for 1 or 3 channels, not {_listed([str(c) for c in facts.channels])}"
    if min(facts.smallest) < SMALL and op in _DETAIL:
        return f"sides of {min(facts.smallest)} pixels leave no detail to spare"
    return None


_GREY_COLOURS = {"invert", "solarize", "posterize"}
_DETAIL = {
    "gaussian_blur", "motion_blur", "median_blur", "defocus", "downscale", "jpeg",
    "grid_dropout", "clahe",
}  # fmt: skip


def _replacement(line: _Line, facts: Facts) -> _Line:
    """The line, with less where the data bears less."""
    if line.op == "rotation" and facts.signs():
        pairs = _pairs_text(facts.turned_signs())
        comments: tuple[str, ...] = (
            "Signs are written slightly tilted; half a turn would make other signs of some",
            f"of them{pairs}, so keep well below 90 degrees.",
        )
        return _Line(comments, "- rotation: 12", line.op)
    if line.op == "rotation" and facts.directed():
        comments = (f"Small, since classes say a direction: {_listed(facts.directed())}.",)
        return _Line(comments, "- rotation: 10", line.op)
    if line.op in ("reflection", "rotation") and facts.fixed_size:
        turns = "transpose" in line.yaml or "multiples_of: 90" in line.yaml
        if turns and facts.smallest[0] != facts.smallest[1]:
            flat = "- reflection: {axes: [horizontal, vertical], exact: true}"
            half = "- rotation: {degrees: 180, multiples_of: 180, exact: true}"
            comments = (
                *line.comments,
                "No quarter turns: an array keeps one size, and these images are not square.",
            )
            return _Line(comments, flat if line.op == "reflection" else half, line.op)
    return line


def _further(facts: Facts, used: set[str]) -> Iterator[str]:
    yield "  # Everything else that may be declared; remove the '# ' before the dash of what is"
    yield "  # true of your data (ranges and units: docs/recipes.md)."
    family = ""
    for name, cls in OPS.items():
        if name in used or cls.family == "policy":
            continue
        if cls.family != family:
            family = cls.family
            yield f"  # {family}:"
        problem = _problem(name, facts)
        note = f"doubtful here: {problem}" if problem else cls.summary().rstrip(".")
        yield f"  # - {name}  # {_one_line(note)}"


def _lines(text: str) -> Iterator[_Line]:
    """The invariances of a preset, which are written one a line, comments above."""
    comments: list[str] = []
    for raw in text.partition("\ninvariances:\n")[2].splitlines():
        row = raw.strip()
        if row.startswith("#"):
            comments.append(row.lstrip("# "))
        elif row.startswith("- "):
            name = re.match(r"- (\w+)", row)
            yield _Line(tuple(comments), row, name.group(1) if name else "")
            comments = []
        else:
            comments = []


def _assumption(text: str) -> str:
    data, _ = yaml_text.read(text)
    return str(data["assumes"])


def _pairs_text(pairs: tuple[str, ...]) -> str:
    return f" ({', '.join(pairs)})" if pairs else ""


def _listed(words: tuple[str, ...] | list[str], most: int = 6) -> str:
    shown = ", ".join(_one_line(w, 24) for w in words[:most])
    return shown + (f" and {len(words) - most} more" if len(words) > most else "")


def _one_line(text: str, most: int = 120) -> str:
    """Text that can stand in a YAML comment whatever a folder or class is called."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def _quoted(text: str) -> str:
    """Text as a YAML scalar on one line."""
    clean = _one_line(text, 400).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{clean}"'
