"""The Python call: a declaration as a function from targets to targets."""

from __future__ import annotations

import dataclasses
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.declare.parse import load_recipe
from tenfold.declare.presets import PRESETS, preset
from tenfold.declare.recipe import Border, Recipe
from tenfold.declare.settings import SETTINGS
from tenfold.errors import RequestError, did_you_mean
from tenfold.ops.op import Op
from tenfold.plan.explain import explain
from tenfold.plan.plan import History, Plan, history_from_json, history_json
from tenfold.rng import Key, fresh_seed
from tenfold.samples.sample import Instance, Sample, Schema, value_range_of
from tenfold.samples.source import DatasetInfo
from tenfold.samples.validate import clean
from tenfold.targets import (
    BOX_FORMATS,
    BoxFormat,
    Picture,
    boxes_in,
    boxes_out,
    check_image,
    same_length,
    take_picture,
    take_rows,
)

TARGETS = ("image", "mask", "masks", "bboxes", "keypoints", "labels")


class Pipeline:
    """Apply a declaration to samples in memory.

    Args:
        declaration: a `Recipe`, the path of a recipe file, the name of a preset, or op objects.
        seed: any integer; without one, entropy is drawn and kept in `self.seed`.
        bbox_format: of `bboxes`: `pascal_voc` (x0, y0, x1, y1 in pixels), `coco` (x0, y0, width,
            height in pixels) or `yolo` (x centre, y centre, width, height as shares of the size).
        settings: any attribute of `Recipe` (`border="reflect"`, `ignore_value=255`,
            `keypoint_pairs=[(0, 1)]`, `min_visibility=0.3`...), overriding the declaration's.

    Coordinates are continuous: the left edge of the first pixel is x = 0, its centre x = 0.5.

    Raises:
        RequestError: the declaration or a setting can't be used.
    """

    def __init__(
        self,
        declaration: Recipe | str | Path | Sequence[Op],
        *,
        seed: int | None = None,
        bbox_format: BoxFormat = "pascal_voc",
        **settings: Any,
    ) -> None:
        if bbox_format not in BOX_FORMATS:
            hint = did_you_mean(str(bbox_format), BOX_FORMATS)
            raise RequestError(
                f"bbox_format must be one of {', '.join(BOX_FORMATS)}, got {bbox_format!r}{hint}"
            )
        self.recipe = _with_settings(_as_recipe(declaration), settings)
        self.seed = fresh_seed() if seed is None else int(seed)
        self.bbox_format: BoxFormat = bbox_format
        self._stream = CallStream()

    def __call__(self, *, key: int | str | Key | None = None, **targets: Any) -> dict[str, Any]:
        """Make one copy of a sample.

        Args:
            key: which copy: the same pipeline seed and key give the same result, on any machine
                and in any process. An integer, a text (the sample's name), or a `Key`. Without
                one, each call takes the next number; in worker processes the numbers differ a
                worker and an epoch.
            targets: `image` (needed): NumPy (H, W) or (H, W, C), torch (C, H, W) or (H, W),
                or PIL, of uint8, uint16 or float32. `mask`: a label image of the same height and
                width, or `masks`: a list of them. `bboxes`: N rows, see `bbox_format`.
                `keypoints`: K rows of x, y or x, y, visibility. `labels`: one a box, or anything
                if there are no boxes.

        Returns:
            The same targets in the types in which they came; `bboxes` and `labels` without those
            no longer in view; all keypoints, where those out of view have visibility 0 (for rows
            of two numbers, see `keypoints_visible`); `valid` if the recipe asks for it; and
            `history`, which `replay` takes.

        Raises:
            RequestError: a target that can't be taken, or that this recipe can't move.
            SampleError: an image that can't be used (NaN...), or boxes with `invalid="raise"`.
        """
        plan, sample, givers = self._take(targets)
        history = plan.draw([self._key(key)])[0]
        return self._give(plan, sample, history, givers)

    def replay(self, history: Sequence[Mapping[str, Any]], **targets: Any) -> dict[str, Any]:
        """Apply a `history` again, to the same sample or to another one of the same size."""
        plan, sample, givers = self._take(targets)
        drawn = history_from_json([dict(entry) for entry in history])
        return self._give(plan, sample, drawn, givers)

    def explain(self, height: int = 512, width: int = 512, channels: int = 3) -> str:
        """The passes over the pixels that such images get, one a line."""
        return "\n".join(explain(Plan(self.recipe), Schema(height, width, channels)))

    def __repr__(self) -> str:
        ops = ", ".join(self.recipe.op_names())
        return f"Pipeline({self.recipe.name}: {ops}; seed={self.seed})"

    def _key(self, key: int | str | Key | None) -> Key:
        if isinstance(key, Key):
            return key
        if isinstance(key, str):
            return Key(self.seed, key, 0)
        if key is not None:
            return Key(self.seed, f"#{int(key)}", 0)
        return Key(self.seed, self._stream.next(), 0)

    def _take(self, targets: dict[str, Any]) -> tuple[Plan, Sample, dict[str, Any]]:
        for name in targets:
            if name not in TARGETS:
                hint = did_you_mean(name, TARGETS)
                raise RequestError(f"unknown target '{name}'{hint}; known: {', '.join(TARGETS)}")
        if "image" not in targets:
            raise RequestError("image: is missing; pass image=")
        picture = take_picture(targets["image"], "image")
        check_image(picture.array)
        height, width = picture.array.shape[:2]
        givers: dict[str, Any] = {"image": picture}
        masks: dict[str, Any] = {}
        if "mask" in targets:
            givers["mask"] = take_picture(targets["mask"], "mask")
            masks["mask"] = givers["mask"].array
        if "masks" in targets:
            taken = [take_picture(m, f"masks[{i}]") for i, m in enumerate(targets["masks"])]
            givers["masks"] = taken
            masks |= {f"masks[{i}]": p.array for i, p in enumerate(taken)}
        for name, mask in masks.items():
            if mask.shape[:2] != (height, width):
                raise RequestError(
                    f"{name}: is {mask.shape[1]}x{mask.shape[0]}, the image {width}x{height}"
                )
        instances: list[Instance] = []
        if "bboxes" in targets:
            rows, givers["bboxes"] = take_rows(targets["bboxes"], (4,), "bboxes")
            boxes = boxes_in(rows, self.bbox_format, height, width)
            labels = targets.get("labels")
            if labels is not None:
                same_length(labels, len(boxes), "labels")
            instances = [Instance(label=i, box=box) for i, box in enumerate(boxes)]
        if "labels" in targets:
            givers["labels"] = targets["labels"]
        if "keypoints" in targets:
            rows, restore = take_rows(targets["keypoints"], (2, 3), "keypoints")
            givers["keypoints"] = (rows.shape[1], restore)
            if rows.shape[1] == 2:
                rows = np.concatenate([rows, np.full((len(rows), 1), 2.0)], axis=1)
            instances.append(Instance(keypoints=rows))
        info = DatasetInfo(
            has_masks=bool(masks),
            has_boxes="bboxes" in targets,
            has_keypoints="keypoints" in targets,
        )
        plan = Plan(self.recipe, info)
        sample = Sample(
            id="sample",
            image=picture.array,
            masks=masks,
            instances=tuple(instances),
            alpha=picture.array.shape[2] == 4 and picture.array.dtype == np.uint8,
            value_range=value_range_of(picture.array),
        )
        plan.check(plan.schema(sample))
        return plan, clean(sample, self.recipe.invalid)[0], givers

    def _give(
        self, plan: Plan, sample: Sample, history: History, givers: dict[str, Any]
    ) -> dict[str, Any]:
        moved = plan.run(sample, history).sample
        picture: Picture = givers["image"]
        out: dict[str, Any] = {"image": picture.restore(moved.image)}
        if "mask" in givers:
            out["mask"] = givers["mask"].restore(moved.masks["mask"])
        if "masks" in givers:
            out["masks"] = [
                p.restore(moved.masks[f"masks[{i}]"]) for i, p in enumerate(givers["masks"])
            ]
        boxed = [i for i in moved.instances if i.box is not None]
        if "bboxes" in givers:
            rows = np.array([i.box for i in boxed], dtype=np.float64).reshape(-1, 4)
            rows = boxes_out(rows, self.bbox_format, moved.height, moved.width)
            out["bboxes"] = givers["bboxes"](rows)
        if "labels" in givers:
            labels = givers["labels"]
            if "bboxes" in givers:
                labels = _pick(labels, [int(i.label or 0) for i in boxed])
            out["labels"] = labels
        if "keypoints" in givers:
            columns, restore = givers["keypoints"]
            points = next(i.keypoints for i in moved.instances if i.keypoints is not None)
            out["keypoints"] = restore(points[:, :columns])
            if columns == 2:
                out["keypoints_visible"] = points[:, 2] == 2
        if moved.valid is not None:
            out["valid"] = moved.valid
        out["history"] = history_json(history)
        return out


class CallStream:
    """Numbers for calls without a key, distinct in every process, worker and epoch.

    In the process where it was made the numbers simply count. In a torch worker they are joined
    with the worker's seed, which torch draws anew each epoch from its own generator; in any other
    forked process with random bits of its own.
    """

    def __init__(self) -> None:
        self._process, self._word = os.getpid(), ""
        self._calls = count()

    def next(self) -> str:
        """The next call's name."""
        torch_data = sys.modules.get("torch.utils.data")
        info = torch_data.get_worker_info() if torch_data is not None else None
        if info is not None:
            return f"worker {info.seed} #{next(self._calls)}"
        if os.getpid() != self._process:
            self._process, self._word = os.getpid(), secrets.token_hex(8)
        return f"{self._word}#{next(self._calls)}"


def _as_recipe(declaration: Recipe | str | Path | Sequence[Op]) -> Recipe:
    if isinstance(declaration, Recipe):
        return declaration
    if isinstance(declaration, str) and declaration in PRESETS:
        return preset(declaration)
    if isinstance(declaration, str | Path):
        return load_recipe(declaration)
    ops = tuple(declaration)
    for op in ops:
        if not isinstance(op, Op):
            raise RequestError(
                f"a pipeline is made of ops, got {op!r}; "
                "pass op objects (Rotation(degrees=10)), a recipe file or a preset's name"
            )
    return Recipe(ops)


def _with_settings(recipe: Recipe, settings: dict[str, Any]) -> Recipe:
    changes = {}
    for name, value in settings.items():
        if name not in SETTINGS:
            raise RequestError(f"unknown setting '{name}'{did_you_mean(name, SETTINGS)}")
        try:
            changes[name] = value if isinstance(value, Border) else SETTINGS[name].check(value)
        except RequestError as error:
            raise RequestError(f"{name}: {error}") from None
    return dataclasses.replace(recipe, **changes)


def _pick(labels: Any, rows: list[int]) -> Any:
    """The chosen labels in the container in which they came."""
    if isinstance(labels, list | tuple):
        return type(labels)(labels[i] for i in rows)
    return labels[rows]
