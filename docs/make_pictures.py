"""Make the pictures in the docs with the tool itself: `make docs`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tenfold.cli.main import run

PICTURES = Path(__file__).parent / "pictures"


def main() -> None:
    """Every picture, by the command that its caption names."""
    with tempfile.TemporaryDirectory() as folder:
        digits = Path(folder) / "digits"
        assert run(["dataset", "digits", str(digits)]) == 0
        target = str(PICTURES / "digits.png")
        assert run(["preview", str(digits), "-o", target]) == 0


if __name__ == "__main__":
    main()
