"""Which datasets there are, and adding one's own."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenfold.errors import RequestError, did_you_mean
from tenfold.learned.examples import Examples, Label


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset in its parts.

    Attributes:
        name: by which it was loaded.
        parts: "train", and "validation" and "test" where there are such, with the same classes.
        about: whose it is, and its licence.
    """

    name: str
    parts: Mapping[str, Examples]
    about: str = ""

    def __post_init__(self) -> None:
        if "train" not in self.parts:
            raise RequestError(f"dataset '{self.name}' has no part 'train'")
        for part, examples in self.parts.items():
            if examples.classes != self.classes:
                raise RequestError(
                    f"dataset '{self.name}': part '{part}' has other classes than 'train'"
                )

    @property
    def classes(self) -> tuple[Label, ...]:
        """The names of the classes."""
        return self.parts["train"].classes

    @property
    def train(self) -> Examples:
        """The part to learn from."""
        return self.parts["train"]

    @property
    def validation(self) -> Examples | None:
        """The part to choose settings on, if there is one."""
        return self.parts.get("validation")

    @property
    def test(self) -> Examples | None:
        """The part to report on, if there is one."""
        return self.parts.get("test")


Loader = Callable[..., Dataset]
"""Makes a dataset; its keyword arguments are the options of `load`."""

_SHIPPED = {
    "digits": "tenfold.datasets.digits:load_digits",
    "ujipen": "tenfold.datasets.ujipen:load_ujipen",
}
_own: dict[str, Loader] = {}


def names() -> tuple[str, ...]:
    """What `load` knows: those shipped, then one's own."""
    return (*_SHIPPED, *_own)


def register(name: str, loader: Loader) -> None:
    """Add a dataset of one's own, for this process.

    Args:
        name: a new one.
        loader: see `Loader`; it should need no network when it has run once.

    Raises:
        RequestError: the name is taken, or it is empty.
    """
    if not name or name in names():
        raise RequestError(f"the name '{name}' can't be given to a dataset: it is taken or empty")
    _own[name] = loader


def load(name: str, **options: Any) -> Dataset:
    """A dataset by its name.

    Args:
        name: of `names()`: "digits" (`digits.load_digits`), "ujipen" (`ujipen.load_ujipen`), or
            one that was registered.
        options: the loader's own.

    Raises:
        RequestError: an unknown name or option.
        MissingExtraError: a library that it needs isn't installed.
        PlaceError: it can't be fetched.
    """
    if name not in names():
        raise RequestError(
            f"no dataset '{name}'{did_you_mean(name, names())}; known: {', '.join(names())}"
        )
    loader = _own[name] if name in _own else _shipped(name)
    taken = inspect.signature(loader).parameters
    if all(parameter.kind != parameter.VAR_KEYWORD for parameter in taken.values()):
        for option in options:
            if option not in taken:
                known = ", ".join(taken) or "none"
                raise RequestError(
                    f"dataset '{name}' has no option '{option}'{did_you_mean(option, taken)}; "
                    f"known: {known}"
                )
    return loader(**options)


def _shipped(name: str) -> Loader:
    module, function = _SHIPPED[name].split(":")
    loader: Loader = getattr(importlib.import_module(module), function)
    return loader
