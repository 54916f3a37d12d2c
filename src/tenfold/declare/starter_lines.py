"""A preset's lines made to fit a dataset: kept, changed, left out or added, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tenfold.declare.names import field_of
from tenfold.declare.survey import Facts
from tenfold.ops.catalogue import OPS
from tenfold.samples.sample import Schema

SMALL = 48
"""Below this side (pixels) an image has no detail to spare for blur, noise and compression."""

DARK = 0.1
"""A ground (0 black, 1 white) below this is black by definition."""

_GREY_COLOURS = {"invert", "solarize", "posterize", "channel_dropout", "channel_shuffle"}
_DETAIL = {
    "gaussian_blur", "motion_blur", "median_blur", "defocus", "downscale", "jpeg",
    "grid_dropout", "clahe", "sensor_noise",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One invariance of a recipe: its comment lines, its YAML, and the op's name."""

    comments: tuple[str, ...]
    yaml: str
    op: str


@dataclass(frozen=True)
class Situation:
    """A dataset, the preset to start from, and the border's mode.

    Attributes:
        facts: see `survey`.
        base: name of the preset.
        border: as `Border.mode`.
    """

    facts: Facts
    base: str
    border: str

    @property
    def multispectral(self) -> bool:
        """Whether there are more channels than colours."""
        return max(self.facts.channels) > 3

    @property
    def objects(self) -> bool:
        """Whether there are annotations that a border has no part in."""
        return self.facts.has_boxes or self.facts.has_keypoints

    def problem(self, op: str) -> str | None:
        """Why an invariance isn't one of this data; None if it may be."""
        facts = self.facts
        if op == "reflection":
            return self._no_reflection()
        if facts.grey and OPS[op].family == "colour" and op not in _GREY_COLOURS:
            return "the images are grey"
        if op in ("channel_dropout", "channel_shuffle") and (facts.grey or facts.channels == (1,)):
            return "the images are grey"
        for channels in facts.channels:
            schema = Schema(height=64, width=64, channels=channels)
            if any(True for _ in OPS[op]().refusals(schema)):
                return f"it is not defined for {channels} channels"
        if op == "jpeg" and not set(facts.channels) <= {1, 3}:
            odd = [str(c) for c in facts.channels if c not in (1, 3)]
            return f"no JPEG has {listed(odd)} channels"
        if self.base == "satellite" and self.multispectral and op in ("contrast", "gamma"):
            return "it changes the ratios of the bands, and so every index made of them"
        if op == "brightness" and self._dark_ground():
            return "it would turn the black ground grey"
        if min(facts.smallest) < SMALL and op in _DETAIL:
            return f"sides of {min(facts.smallest)} pixels leave no detail to spare"
        return None

    def _no_reflection(self) -> str | None:
        facts = self.facts
        if facts.signs():
            pairs = _pairs_text(facts.mirrored_signs())
            return f"a mirrored digit or letter is another sign or none{pairs}"
        if facts.handed():
            return f"classes say left or right ({listed(facts.handed())})"
        if facts.directed():
            return f"classes say a direction ({listed(facts.directed())})"
        if field_of(facts.name, facts.classes)[0] == "signs":
            return "signs say directions, and a mirrored one is another sign or none"
        if facts.has_keypoints and not facts.keypoint_pairs:
            return "left keypoints would become right ones; first give keypoint_pairs above"
        return None

    def _dark_ground(self) -> bool:
        ground = self.facts.background
        return self.base == "document" and ground is not None and ground < DARK

    def added(self) -> Iterator[Line]:
        """Lines that the preset can't have, since it doesn't know the data."""
        facts = self.facts
        if self.base == "microscopy" and not self.objects and self.border == "reflect":
            yield Line(
                ("Specimens have no direction: any angle between the quarter turns too.",),
                "- rotation: 45",
                "rotation",
            )
        if self.base in ("microscopy", "tissue") and facts.jpeg and set(facts.channels) <= {1, 3}:
            yield Line(
                ("The images come as JPEG files; compression differs between sources.",),
                "- jpeg: {quality: [70, 95], probability: 0.3}",
                "jpeg",
            )

    def fitted(self, line: Line) -> Line:
        """The line, with less where the data bear less."""
        if line.op in ("reflection", "rotation") and self._oblong(line):
            flat = "- reflection: {axes: [horizontal, vertical], exact: true}"
            half = "- rotation: {degrees: 180, multiples_of: 180, exact: true}"
            comments = (
                *line.comments,
                "No quarter turns: an array keeps one size, and these images are not square.",
            )
            return Line(comments, flat if line.op == "reflection" else half, line.op)
        if line.op == "rotation":
            return self._rotation(line)
        if line.op == "reflection" and self.base == "microscopy":  # without the hint at rotation
            first = "All eight symmetries of the square, equally likely, without touching a value."
            return replace(line, comments=(first,))
        if line.op == "scaling" and self.border == "crop":
            yaml = re.sub(r"(factor: (?:\{low: |\[))0?\.\d+", r"\g<1>1.0", line.yaml)
            note = "Never smaller: the border is cropped away."
            return line if yaml == line.yaml else Line((*line.comments, note), yaml, line.op)
        if self.base == "document" and self._dark_ground():
            return self._on_dark_ground(line)
        if self.base == "satellite" and self.multispectral:
            return self._many_bands(line)
        if self.base == "microscopy" and self.facts.grey:
            return self._counted(line)
        return line

    def _oblong(self, line: Line) -> bool:
        turns = "transpose" in line.yaml or "multiples_of: 90" in line.yaml
        return self.facts.fixed_size and turns and self.facts.smallest[0] != self.facts.smallest[1]

    def _rotation(self, line: Line) -> Line:
        facts = self.facts
        if facts.signs():
            pairs = _pairs_text(facts.turned_signs())
            comments: tuple[str, ...] = (
                "Signs are written slightly tilted; half a turn would make other signs of some",
                f"of them{pairs}, so keep well below 90 degrees.",
            )
            return Line(comments, "- rotation: 10", line.op)
        if facts.directed():
            comments = (f"Small, since classes say a direction: {listed(facts.directed())}.",)
            return Line(comments, "- rotation: 10", line.op)
        if self.base == "satellite" and self.border == "reflect":
            comments = ("Orbits cross north at any angle; beside the quarter turns, some degrees.",)
            return Line(comments, "- rotation: {degrees: [-10, 10], probability: 0.5}", line.op)
        return line

    def _on_dark_ground(self, line: Line) -> Line:
        if line.op == "contrast":
            comments = (
                "Pale ink: a factor about black, the ground, which stays black.",
                "(Contrast about another value would turn it grey.)",
            )
            yaml = "- exposure: {stops: [-0.5, 0.1], linear: true, probability: 0.3}"
            return Line(comments, yaml, "exposure")
        if line.op == "gamma":
            return replace(line, yaml=line.yaml.replace("probability: 0.5", "probability: 0.3"))
        return line

    def _many_bands(self, line: Line) -> Line:
        if line.op == "exposure":
            comments = ("The sun's height and the sensor's gain: one factor for all bands.",)
            return Line(comments, "- exposure: {stops: [-0.25, 0.25], linear: true}", line.op)
        if line.op == "scaling" and self.border == "reflect":
            yaml = "- scaling: {factor: {low: 0.95, high: 1.05, distribution: loguniform}}"
            return replace(line, yaml=yaml)
        if line.op == "sensor_noise":
            return replace(line, yaml=line.yaml.replace("{gain", "{linear: true, gain"))
        return line

    def _counted(self, line: Line) -> Line:
        """Grey microscopes (electrons, fluorescence) count: values are linear."""
        if line.op == "exposure":
            comments = ("Beam or lamp; grey microscopes count, so that values are linear.",)
            return Line(comments, "- exposure: {stops: [-0.3, 0.1], linear: true}", line.op)
        if line.op == "shot_noise":
            return replace(line, yaml=line.yaml.replace("{photons", "{linear: true, photons"))
        return line


def with_added(lines: Iterable[Line], added: Iterable[Line]) -> list[Line]:
    """A preset's lines with others: geometry comes behind its reflection, a file's marks last."""
    out = list(lines)
    for line in added:
        mirrors = [i for i, other in enumerate(out) if other.op == "reflection"]
        geometric = OPS[line.op].family == "geometry"
        out.insert(mirrors[-1] + 1 if mirrors and geometric else len(out), line)
    return out


def listed(words: tuple[str, ...] | list[str], most: int = 6) -> str:
    """Words in a row, long ones and long rows cut short."""
    shown = ", ".join(one_line(w, 24) for w in words[:most])
    return shown + (f" and {len(words) - most} more" if len(words) > most else "")


def one_line(text: str, most: int = 120) -> str:
    """Text that can stand in a YAML comment whatever a folder or class is called."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def _pairs_text(pairs: tuple[str, ...]) -> str:
    return f" ({', '.join(pairs)})" if pairs else ""
