"""torch, where it is needed: found or asked for, on the processor or an accelerator."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tenfold.errors import MissingExtraError


def torch_module() -> Any:
    """The module `torch`.

    Raises:
        MissingExtraError: it isn't installed.
    """
    try:
        return importlib.import_module("torch")
    except ImportError:
        raise MissingExtraError("a variational autoencoder", "learn") from None


def best_device() -> Any:
    """Where training runs: on the first CUDA device if there is one, else on the processor."""
    torch = torch_module()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def repeatable() -> Iterator[None]:
    """In here an accelerator's convolutions give the same bits each time, if more slowly.

    The settings are the process's own and are put back at the end.
    """
    settings = torch_module().backends.cudnn
    before = settings.deterministic, settings.benchmark
    settings.deterministic, settings.benchmark = True, False
    try:
        yield
    finally:
        settings.deterministic, settings.benchmark = before


_SMALL = 32 * 32
"""Values of an example up to which one thread is as quick as several, and not slowed by others."""


@contextmanager
def threads_for(shape: tuple[int, ...]) -> Iterator[None]:
    """In here torch uses one thread for small examples, and what it likes for others.

    A step on small images takes a millisecond; threads that wait for each other that often lose
    more than they gain, and very much on a machine that has other work.
    """
    torch = torch_module()
    before = torch.get_num_threads()
    if math.prod(shape) <= _SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def seeded(seed: int, *places: int, device: Any = "cpu") -> Any:
    """A torch generator that depends on these whole numbers (from 0) only."""
    import numpy as np

    (word,) = np.random.SeedSequence([seed, *places]).generate_state(1, np.uint64).tolist()
    return torch_module().Generator(device=device).manual_seed(int(word) >> 1)
