"""What is loaded is what the sources say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tenfold.native as native
from tenfold.native.library import lib, load

HERE = Path(native.__file__).parent
BUILT = sorted((HERE / "built").glob("kernels_*"))


def test_the_kernels_were_compiled_after_their_sources_changed() -> None:
    newest = max(path.stat().st_mtime for path in (*HERE.glob("*.c"), *HERE.glob("*.h")))
    oldest = min(path.stat().st_mtime for path in BUILT)
    assert newest <= oldest + 1, "run: make setup (or python src/tenfold/native/compiling.py)"


@pytest.mark.skipif(len(BUILT) < 2, reason="one library serves all processors of this kind")
def test_every_level_up_to_this_machines_loads() -> None:
    best = lib.tenfold_level()
    for level in range(2, best + 1):
        assert load(f"v{level}").tenfold_level() == best
    with pytest.raises(ImportError, match="no kernels for level 'v9'"):
        load("v9")


def test_a_level_can_be_asked_for() -> None:
    code = "import tenfold.native.library as n; print(n.lib)"
    level = BUILT[0].stem.removeprefix("kernels_")
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TENFOLD_LEVEL": level},
    )
    assert BUILT[0].name in done.stdout
