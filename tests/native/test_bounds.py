"""Kernels neither read nor write beside their arrays, and write their results as a whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tenfold.native.library import lib

HERE = lib.tenfold_level()
LEVELS = [f"v{level}" for level in range(2, HERE + 1)] or ["any"]


@pytest.mark.skipif(sys.platform != "linux", reason="guarded pages are made as Linux has them")
@pytest.mark.parametrize("placement", ["end", "start"])
@pytest.mark.parametrize("level", LEVELS)
def test_kernels_stay_within_their_arrays(level: str, placement: str) -> None:
    program = Path(__file__).with_name("guarded.py")
    done = subprocess.run(
        [sys.executable, program, level, placement], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
