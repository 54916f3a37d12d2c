"""Make the pictures of docs/learned.md with the tool itself: `make docs-learned` (some minutes)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tenfold.cli.main import run

PICTURES = Path(__file__).parent / "pictures"


def main() -> None:
    """Fit a model of two dimensions and one of sixteen on scikit-learn's digits, and draw them."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        digits, recipe = str(place / "digits"), str(place / "recipe.yaml")
        small, large = str(place / "m2"), str(place / "m16")
        for command in (
            ["dataset", "digits", digits, "--size", "32"],
            ["recipe", "init", digits, "-o", recipe],
            ["fit", "vae", digits, "-o", small, "--latent", "2"],
            ["fit", "vae", digits, "-o", large, "--latent", "16", "--recipe", recipe],
            ["latent", "plot", small, digits, "-o", str(place / "small")],
            ["latent", "plot", large, digits, "-o", str(place / "large")],
        ):
            assert run(command) == 0, command
        for name, source in (("space", "small"), ("manifold", "small"), ("alterations", "large")):
            shutil.copy(place / source / f"{name}.png", PICTURES / f"learned-{name}.png")


if __name__ == "__main__":
    main()
