"""Random valid recipes over the whole catalogue, made from the ops' own declarations."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from tenfold.declare.compose import ComposeUse
from tenfold.declare.generators import METRICS, GeneratorUse
from tenfold.declare.recipe import BORDER_MODES, Border, Recipe
from tenfold.errors import RequestError
from tenfold.ops.catalogue import OPS
from tenfold.ops.op import Op
from tenfold.params import DISTRIBUTIONS, Range, Spec, specs


def _numbers(spec: Spec) -> st.SearchStrategy[float]:
    low, high = (max(-1e6, spec.within[0]), min(1e6, spec.within[1]))
    if spec.integral:
        return st.integers(math.ceil(low), math.floor(high)).map(float)
    return st.floats(low, high, allow_subnormal=False)


@st.composite
def _ranges(draw: st.DrawFn, spec: Spec) -> Range:
    low, high = sorted([draw(_numbers(spec)), draw(_numbers(spec))])
    distribution = draw(st.sampled_from(DISTRIBUTIONS))
    if distribution == "loguniform" and low <= 0:
        distribution = "uniform"
    return Range(low, high, distribution)


def values(spec: Spec) -> st.SearchStrategy[Any]:
    """Values that a parameter of this spec takes."""
    strategy: st.SearchStrategy[Any]
    if spec.kind == "range":
        strategy = _ranges(spec)
    elif spec.kind == "number":
        strategy = _numbers(spec)
    elif spec.kind == "integer":
        low, high = (max(-(10**6), spec.within[0]), min(10**6, spec.within[1]))
        strategy = st.integers(math.ceil(low), math.floor(high))
    elif spec.kind == "flag":
        strategy = st.booleans()
    elif spec.kind == "choice":
        strategy = st.sampled_from(spec.options)
    elif spec.kind == "choices":
        strategy = st.lists(st.sampled_from(spec.options), min_size=1).map(tuple)
    else:
        strategy = st.lists(_numbers(spec), max_size=4).map(tuple)
    return st.none() | strategy if spec.optional else strategy


@st.composite
def ops_of(draw: st.DrawFn, cls: type[Op]) -> Op:
    """Ops of one class with some of their parameters set."""
    given_ = {}
    for name, spec in specs(cls).items():
        if name == "exact" and not cls.group:
            continue
        if draw(st.booleans()):
            given_[name] = draw(values(spec))
    try:
        return cls(**given_)
    except RequestError:
        # Parameters that don't fit each other: set them one at a time.
        for name, value in given_.items():
            try:
                return cls(**{name: value})
            except RequestError:
                continue
        assume(False)
        raise


def any_op() -> st.SearchStrategy[Op]:
    """Any op of the catalogue."""
    return st.sampled_from(list(OPS.values())).flatmap(ops_of)


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    ends = draw(st.lists(st.integers(0, 300), unique=True, max_size=6))
    return tuple(zip(ends[::2], ends[1::2], strict=False))


def _levels() -> st.SearchStrategy[tuple[float, float]]:
    levels = st.floats(-1e9, 1e9, allow_subnormal=False)
    return st.lists(levels, min_size=2, max_size=2, unique=True).map(
        lambda pair: (min(pair), max(pair))
    )


@st.composite
def _generator(draw: st.DrawFn) -> GeneratorUse:
    numbers = st.floats(0, 1000, allow_subnormal=False)
    ends = st.lists(numbers, min_size=2, max_size=2).map(lambda pair: (min(pair), max(pair)))
    return GeneratorUse(
        model=draw(st.text(min_size=1, max_size=20).filter(str.strip)),
        method=draw(st.none() | st.sampled_from(("noise", "interpolation"))),
        strength=draw(st.none() | numbers | ends),
        neighbours=draw(st.integers(1, 10_000)),
        metric=draw(st.sampled_from(METRICS)),
        share=draw(st.floats(0, 1 / 3)),
        transforms=draw(st.booleans()),
        resize=draw(st.booleans()),
    )


@st.composite
def _compose(draw: st.DrawFn) -> ComposeUse:
    def ends(numbers: st.SearchStrategy[Any]) -> tuple[Any, Any]:
        low, high = sorted(draw(st.tuples(numbers, numbers)))
        return low, high

    return ComposeUse(
        share=draw(st.floats(0, 1)),
        objects=ends(st.integers(1, 1000)),
        scale=ends(st.floats(0.05, 20)),
        rotation=draw(st.floats(0, 180)),
        overlap=draw(st.floats(0, 1)),
        blend=draw(st.sampled_from(("feather", "poisson", "none"))),
        feather=draw(st.integers(0, 32)),
        cut=draw(st.sampled_from(("ellipse", "contrast", "box"))),
        rare_first=draw(st.booleans()),
        backgrounds=draw(st.sampled_from(("set", "inpainted"))),
        transforms=draw(st.booleans()),
    )


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Recipes with any settings."""
    mode = draw(st.sampled_from(BORDER_MODES))
    value = draw(st.floats(0, 1)) if mode == "constant" else 0.0
    return Recipe(
        ops=tuple(draw(st.lists(any_op(), min_size=1, max_size=4))),
        name=draw(st.text(max_size=20)),
        assumes=draw(st.text(max_size=60)),
        border=Border(mode, value),
        interpolation=draw(st.sampled_from(("linear", "nearest", "cubic"))),
        ignore_value=draw(st.none() | st.integers(0, 65535)),
        validity=draw(st.booleans()),
        min_area=draw(st.floats(0, 1e9)),
        min_visibility=draw(st.floats(0, 1)),
        invalid=draw(st.sampled_from(("clip", "drop", "raise"))),
        keypoint_pairs=draw(st.none() | _pairs()),
        mask_pairs=draw(st.none() | _pairs()),
        value_range=draw(st.none() | _levels()),
        generators=tuple(draw(st.lists(_generator(), max_size=3))),
        compose=draw(st.none() | _compose()),
    )
