"""The house rules of ops: a method is abstract, a documented hook of `Op`, or final."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import tenfold
from tenfold.ops.catalogue import OPS
from tenfold.ops.op import Op
from tenfold.params import specs
from tenfold.rng import SLOTS

HOOKS = {"problems", "refusals", "settle"}


def lineage() -> list[type[Op]]:
    """Every op class and every class between it and `Op`."""
    found = {c: None for cls in OPS.values() for c in cls.__mro__ if issubclass(c, Op)}
    return [c for c in found if c is not Op]


def methods(cls: type) -> Iterator[str]:
    for name, value in vars(cls).items():
        wrapped = isinstance(value, (staticmethod, classmethod, property))
        mine = name == "__post_init__" or not name.startswith("__")
        if mine and (wrapped or inspect.isfunction(value)):
            yield name


@pytest.mark.parametrize("cls", lineage(), ids=lambda c: c.__name__)
def test_nothing_overrides_an_implemented_method(cls: type[Op]) -> None:
    for name in methods(cls):
        owner = next((c for c in cls.__mro__[1:] if name in vars(c)), None)
        if owner is None:
            continue
        abstract = getattr(vars(owner)[name], "__isabstractmethod__", False)
        assert abstract or (owner is Op and name in HOOKS), (
            f"{cls.__name__}.{name} overrides {owner.__name__}.{name}, which is implemented"
        )


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_hooks_say_that_they_are_hooks(name: str) -> None:
    assert "hook" in (inspect.getdoc(getattr(Op, name)) or "")


@pytest.mark.parametrize("name", OPS)
def test_a_range_like_another_names_a_range(name: str) -> None:
    op = OPS[name]()
    known = specs(type(op))
    for spec in known.values():
        if spec.like:
            assert spec.optional
            assert spec.kind == known[spec.like].kind == "range"
            assert not known[spec.like].optional
    assert 1 + sum(s.kind == "range" for s in known.values()) + len(op.extra) <= SLOTS


def test_luma_is_defined_once() -> None:
    src = Path(tenfold.__file__).parent
    holders = [p.name for p in src.rglob("*.py") if "0.299" in p.read_text(encoding="utf-8")]
    assert holders == ["colour_science.py"]
