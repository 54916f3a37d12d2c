"""Whole calibrations on data whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from known_invariances import bars, discs, greys, nothing
from tenfold.calibrate.axes import BY_NAME, TABLE, chosen
from tenfold.calibrate.calibration import Bench, Wanted, calibrate
from tenfold.calibrate.findings import Calibration, Found
from tenfold.declare.parse import dump_recipe, load_recipe
from tenfold.errors import RequestError
from tenfold.learned.examples import Examples
from tenfold.ops.catalogue import OPS
from tenfold.study.splits import StudyData


def measured(
    given: Examples, *names: str, groups: np.ndarray | None = None, **more: object
) -> tuple[Calibration, Bench]:
    settings: dict[str, object] = {"training": False, "classifiers": ("svm", "knn"), **more}
    return calibrate(StudyData(given, groups), Wanted(names, **settings))  # type: ignore[arg-type]


def only(found: Calibration) -> Found:
    (one,) = found.found
    return one


def verdict(found: Calibration, turn: str) -> dict[str, str]:
    """Of each class."""
    one = next(t for f in found.found for t in f.turns if t.name == turn)
    return {
        name: fall.holds(found.epsilon)
        for name, fall in zip(found.classes, one.of_classes, strict=True)
    }


def test_a_planted_range_of_angles_is_found() -> None:
    """Bars within 20 degrees of their class: from 25 on the first turn into the other class."""
    found, _ = measured(bars(), "rotation")
    one = only(found)
    for side in one.sides["degrees"]:
        assert 20 < side.limit.low <= side.limit.magnitude <= side.limit.high < 31
        at = dict(zip(side.levels.tolist(), side.shares.tolist(), strict=True))
        assert at[0] == at[11.25] == 1
        assert at[45] == pytest.approx(0.5, abs=0.08)
        assert at[90] < 0.02
    assert {t.name: t.holds for t in one.turns} == {
        "half a turn": "yes", "a quarter turn left": "no", "a quarter turn right": "no",
    }  # fmt: skip
    gentle, turning = one.ops()
    below, above = one.sides["degrees"]
    ends = [-below.limit.low, above.limit.low]  # the careful ends of the intervals
    assert gentle.plain()["degrees"] == pytest.approx(ends, rel=0.006)
    assert ends[1] < above.limit.magnitude
    assert turning.plain() == {"degrees": [-180, 180], "multiples_of": 180}


def test_discs_may_turn_freely_but_have_a_size() -> None:
    found, _ = measured(discs(), "rotation", "scaling", "reflection")
    rotation, reflection, scaling = found.found
    assert [op.plain() for op in rotation.ops()] == [{"degrees": [-180, 180], "exact": True}]
    assert all(turn.holds == "yes" for turn in [*rotation.turns, *reflection.turns])
    (mirrored,) = reflection.ops()
    assert mirrored.plain() == {"axes": ["horizontal", "vertical"]}
    smaller, larger = scaling.sides["factor"]
    axis = scaling.axis("factor")
    # The boundary is at a radius of about 5.25: large ones shrunk by 0.75, small ones grown by 1.5.
    assert 0.68 < axis.value(-smaller.limit.magnitude) < 0.85
    assert 1.25 < axis.value(larger.limit.magnitude) < 1.65
    weakest = scaling.class_limits("factor")[0]
    assert (found.classes[weakest.number], weakest.sign) == ("large", -1)


def test_what_holds_but_for_a_rare_class_is_left_out() -> None:
    """Half a turn changes 16 of 416 labels, less than epsilon, but all of two classes."""
    flat = greys(400)
    sided = np.full((16, 8, 8, 1), 0.5, np.float32)
    sided[:8, :, :4], sided[8:, :, 4:] = 1, 1
    labels = np.concatenate([flat.labels, np.repeat([2, 3], 8)])
    values = np.concatenate([flat.values, sided])
    given = Examples(values, labels, ("dark", "light", "left", "right"))
    found, _ = measured(given, "rotation", "reflection", epsilon=0.08)
    half = found.found[0].turns[0]
    assert half.fall.high <= found.epsilon
    assert half.holds == "no"
    assert verdict(found, "half a turn") == {
        "dark": "yes", "light": "yes", "left": "no", "right": "no",
    }  # fmt: skip
    assert [op.plain() for op in found.found[1].ops()] == [{"axes": ["vertical"]}]


def test_each_side_has_its_own_range() -> None:
    """Dark is 0.35 to 0.4, light 0.6 to 0.65: 0.1 may be added, and 0.1 taken away."""
    found, _ = measured(greys(), "brightness")
    down, up = only(found).sides["shift"]
    for side in (down, up):
        assert 0.06 < side.limit.low <= side.limit.magnitude < 0.13
    assert down.of_classes[0, -1] == 1  # what is dark stays dark, the darker it gets
    assert up.of_classes[1, -1] == 1
    assert down.class_limits[0].beyond
    assert not down.class_limits[1].beyond


@pytest.fixture(scope="module")
def digits() -> tuple[Calibration, Bench]:
    data = pytest.importorskip("sklearn.datasets").load_digits()
    images = (data.images / 16).astype(np.float32)[..., None]
    given = Examples(images, data.target, tuple(range(10))).take(np.arange(1000))
    return measured(given, "rotation", "reflection")


def test_a_six_may_not_turn_upside_down_and_a_zero_may(
    digits: tuple[Calibration, Bench],
) -> None:
    found, _ = digits
    half = verdict(found, "half a turn")
    assert half["0"] == "yes"
    assert half["6"] == half["9"] == half["7"] == half["4"] == "no"
    rotation = found.found[0]
    assert rotation.turns[0].fall.mean > 0.4
    assert rotation.class_limits("degrees")[-1].number == 0  # a zero bears the widest angles
    (kept,) = rotation.ops()
    low, high = kept.plain()["degrees"]
    assert -15 < low < -4
    assert 4 < high < 15
    assert found.found[1].why_not == "labels don't survive it"  # a mirrored digit is none


def test_all_together_cost_more_and_a_factor_keeps_them() -> None:
    """Turned and slanted, each within its limit, bars get beyond 45 degrees."""
    found, bench = measured(bars(160), "rotation", "shear", "scaling", "erase")
    assert found.whole is not None
    assert found.shrunk is not None
    assert found.whole.mean > found.epsilon
    assert 0 < found.together < 1
    assert found.shrunk.mean <= found.epsilon
    smaller = [op for one in found.found for op in one.ops(found.together * one.helpful)]
    assert bench.lost_by(smaller) == found.shrunk


def test_the_recipe_is_one_and_the_same_every_time(digits: tuple[Calibration, Bench]) -> None:
    found, _ = digits
    again, _ = measured(bars(80), "rotation")
    twin, _ = measured(bars(80), "rotation")
    assert again.recipe == twin.recipe
    assert load_recipe(dump_recipe(found.recipe)) == found.recipe


def test_training_on_what_is_true_helps_and_on_what_is_false_harms() -> None:
    """A dozen bars a class: their own spread helps; quarter turns make each class the other."""
    _, bench = measured(bars(60, spread=30), "rotation", training=False)
    rotation = BY_NAME["rotation"]
    wide = rotation.within({"degrees": (-90.0, 90.0)})
    harm = bench.gain([wide], 1.0)
    assert harm.estimate.high < 0
    one = Found(
        rotation, gains=[bench.gain([rotation.within({"degrees": (-5.0, 5.0)})], 0.5), harm]
    )
    assert one.gains[0].estimate.high >= 0
    assert one.helpful == 0.5


def test_a_copy_of_what_is_tested_teaches_nothing() -> None:
    """Labels mean nothing, pairs of images stay together: no classifier may know them."""
    given = nothing()
    with pytest.raises(RequestError, match="can't tell when a label suffers"):
        measured(given, "rotation", groups=np.repeat(np.arange(60), 2))
    _, bench = measured(given, "rotation", seconds=0.0)  # twins apart: that is what groups are for
    alone = nothing(240).take(np.arange(0, 240, 2))
    judges = bench.judges
    judges.data = StudyData(alone)
    assert judges.trained_with([alone.values]).mean() < 0.65
    assert judges.plain.mean() > 0.75


def test_the_test_part_is_left_alone() -> None:
    given = bars(120)
    tested = np.arange(120) >= 80
    values = given.values.copy()
    values[tested] = 1 - values[tested]
    spoiled = Examples(values, given.labels, given.classes)
    wanted = Wanted(("brightness",), ("knn",), training=False)
    plain, _ = calibrate(StudyData(given, None, tested), wanted)
    other, _ = calibrate(StudyData(spoiled, None, tested), wanted)
    assert sum(plain.counts) == 80
    assert plain.recipe == other.recipe


def test_without_time_nothing_is_measured_and_said_so() -> None:
    found, _ = measured(bars(40), "rotation", "scaling", seconds=0.0)
    assert found.unmeasured == ["rotation", "scaling"]
    assert found.recipe.ops == ()


def test_the_table_has_every_magnitude_of_the_catalogue() -> None:
    without = {  # more or less of these is no larger or smaller a change, or they choose others
        "shot_noise", "sensor_noise", "coarse_dropout", "median_blur", "solarize", "posterize",
        "channel_shuffle", "channel_dropout", "equalize", "autocontrast", "clahe", "trivial",
        "rand", "transpose",
    }  # fmt: skip
    assert set(OPS) - set(BY_NAME) <= without
    image = np.linspace(0, 1, 16 * 16 * 3, dtype=np.float32).reshape(1, 16, 16, 3)
    image = np.random.default_rng(0).permuted(image, axis=2)
    given = Examples(np.repeat(image, 2, axis=0), np.arange(2), ("a", "b"))
    from tenfold.declare.recipe import Recipe
    from tenfold.study.changes import Declared

    def changed(op: object) -> np.ndarray:
        change = Declared(Recipe((op,)))  # type: ignore[arg-type]
        return np.asarray(change.fitted(given, given, 0)(given, 1))

    for one in TABLE:
        for axis in one.axes:
            if axis.parameter != "quality":
                still = changed(one.exactly(axis, 0.0))
                np.testing.assert_allclose(still, given.values, atol=1e-5, err_msg=one.op)
            for sign, reach in axis.sides(16):
                far = np.abs(changed(one.exactly(axis, sign * reach)) - given.values).mean()
                near = np.abs(changed(one.exactly(axis, sign * reach / 64)) - given.values).mean()
                assert far > max(near, 0.002), (one.op, axis.parameter, sign)
                ends = (min(0.0, sign * reach), max(0.0, sign * reach))
                assert one.within({axis.parameter: ends}).ranges()
        for turn in one.turns:
            assert np.abs(changed(one.turned(turn)) - given.values).mean() > 0.002, turn.name


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["rotate"], "did you mean 'rotation'"),
        (["rotatoin"], "did you mean 'rotation'"),
        (["noise"], "gaussian_noise"),
        (["equalize"], "no magnitude"),
        (["hue"], "of colours, and these images have 1 channel"),
    ],
)
def test_unknown_and_unfit_invariances_are_refused(names: list[str], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        measured(bars(40), *names)


def test_all_and_the_standard_ones_fit_the_images() -> None:
    grey, colour = ({m.op for m in chosen(None, (8, 8, c))} for c in (1, 3))
    assert colour - grey == {"saturation", "hue"}
    assert {m.op for m in chosen(["all"], (8, 8, 3))} == set(BY_NAME)
    assert "hue" not in {m.op for m in chosen(["all"], (8, 8, 1))}


@pytest.mark.parametrize(
    ("given", "more", "said"),
    [
        (Examples(np.eye(4), np.arange(4) % 2, ("a", "b")), {}, "feature vectors"),
        (bars(40).take(np.arange(0, 40, 2)), {}, "of one class"),
        (bars(6), {}, "at least 5 are needed"),
        (bars(40), {"folds": 1}, "2 or more"),
        (bars(40), {"epsilon": 0.0}, "epsilon"),
        (bars(40), {"classifiers": ("swm",)}, "did you mean 'svm'"),
        (bars(40), {"classifiers": ()}, "needs a classifier"),
        (bars(40), {"groups": np.arange(40) // 20}, "5 folds need as many groups"),
    ],
    ids=[
        "vectors",
        "one class",
        "few",
        "folds",
        "epsilon",
        "classifier",
        "no classifier",
        "groups",
    ],
)
def test_data_and_settings_that_cannot_be_used(
    given: Examples, more: dict[str, object], said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        measured(given, "rotation", **more)  # type: ignore[arg-type]
