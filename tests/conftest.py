"""What all tests share: where the real data lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; the test skips where it is absent."""
    folder = Path(os.environ.get("TENFOLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder} (set TENFOLD_SHARED_DATA)")
    return folder
