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


@contextmanager
def stages(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for work whose length shows as it runs; it is told (what is said, done, in all)."""
    hidden = quiet or not sys.stderr.isatty()
    form = "{desc} {bar} {n_fmt}/{total_fmt}"
    with tqdm(total=0, disable=hidden, leave=False, bar_format=form) as progress:

        def tell(said: str, done: int, total: int) -> None:
            if hidden:
                return
            progress.total, progress.n = total, done
            progress.set_description_str(said)

        yield tell
