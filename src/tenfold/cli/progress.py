"""Progress on stderr: a rate and the time left; silent when stderr is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def bar(total: int, unit: str, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar; gives the function that advances it by so many."""
    hidden = quiet or not sys.stderr.isatty()
    with tqdm(total=total, unit=f" {unit}", disable=hidden, smoothing=0.1, leave=False) as progress:
        yield lambda count: None if hidden else _advance(progress, count)


def _advance(progress: tqdm, count: int) -> None:  # type: ignore[type-arg]
    progress.update(count)
