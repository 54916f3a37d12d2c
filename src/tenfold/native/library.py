"""The compiled kernels, loaded once: the library of the highest level that this machine runs.

`lib` holds the functions of `functions.h`, `ffi` makes pointers for them. Calls let other threads
run. The environment variable `TENFOLD_LEVEL` (`v2`, `v3`, `v4`) asks for a lower level; all give
the same bytes.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

__all__ = ["ffi", "lib", "load"]

_BUILT = Path(__file__).parent / "built"


def load(level: str | None = None) -> Any:
    """A library of kernels.

    Args:
        level: `v2`, `v3`, `v4`, or `any` (not x86-64); None for the best that runs here.

    Raises:
        ImportError: the kernels weren't built, or not for this machine.
    """
    found = {path.stem.removeprefix("kernels_"): path for path in _BUILT.glob("kernels_*")}
    if not found:
        raise ImportError(
            "tenfold's compiled kernels are missing; install tenfold with pip "
            "(in a checkout: pip install -e .)"
        )
    if level is None:
        level = "any" if "any" in found else _best(found)
    if level not in found:
        raise ImportError(f"no kernels for level {level!r}; built are {', '.join(sorted(found))}")
    return ffi.dlopen(str(found[level]))


def _best(found: dict[str, Path]) -> str:
    lowest = ffi.dlopen(str(found["v2"]))
    here = lowest.tenfold_level()
    if here < 2:
        raise ImportError("tenfold needs a processor with SSE4.2 (x86-64-v2, since 2009)")
    return f"v{here}"


try:
    from tenfold.native.built.functions import ffi
except ModuleNotFoundError:
    raise ImportError(
        "tenfold's compiled kernels are missing; install tenfold with pip "
        "(in a checkout: pip install -e .)"
    ) from None

lib = load(os.environ.get("TENFOLD_LEVEL"))
