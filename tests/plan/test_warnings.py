"""What a plan warns of: masks that silently get 0."""

from __future__ import annotations

import pytest

from tenfold.declare.recipe import Recipe
from tenfold.ops.catalogue import OPS
from tenfold.ops.geometry import Crop, Reflection, Rotation, Translation
from tenfold.ops.occlusion import Erase
from tenfold.ops.op import Op
from tenfold.plan.plan import Plan
from tenfold.samples.sample import Schema

BOXES = Schema(60, 80, 3, has_masks=True, has_boxes=True)


def warnings(op: Op, schema: Schema = BOXES, **recipe: object) -> str:
    return "\n".join(Plan(Recipe((op,), **recipe)).warnings(schema))  # type: ignore[arg-type]


@pytest.mark.parametrize("op", [Rotation(), Translation(), OPS["elastic"](), OPS["shear"]()])
@pytest.mark.parametrize("border", ["auto", "background", "constant"])
def test_masks_that_get_0_where_a_border_shows(op: Op, border: str) -> None:
    said = warnings(op, border=border)
    assert "masks get 0" in said
    assert "ignore_value" in said
    assert not warnings(op, border=border, ignore_value=255)
    assert not warnings(op, border="crop")
    assert not warnings(op, Schema(60, 80, 3, has_boxes=True), border=border)


@pytest.mark.parametrize("op", [Reflection(), Crop(), Rotation(degrees=(180, 180))])
def test_ops_that_show_no_border_need_no_ignore_value(op: Op) -> None:
    assert not warnings(op, border="background")


def test_ignored_masks_without_a_value_to_ignore() -> None:
    said = warnings(Erase(ignore_masks=True))
    assert said.startswith("erase: ignore_masks")
    assert "set ignore_value" in said
    assert not warnings(Erase(ignore_masks=True), ignore_value=255)
    assert not warnings(Erase())
    assert not warnings(Erase(ignore_masks=True), Schema(60, 80, 3))
