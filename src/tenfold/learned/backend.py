"""torch, where it is needed: found or asked for, on the processor or an accelerator."""

from __future__ import annotations

import importlib
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


def seeded(seed: int, *places: int, device: Any = "cpu") -> Any:
    """A torch generator that depends on these whole numbers (from 0) only."""
    import numpy as np

    (word,) = np.random.SeedSequence([seed, *places]).generate_state(1, np.uint64).tolist()
    return torch_module().Generator(device=device).manual_seed(int(word) >> 1)
