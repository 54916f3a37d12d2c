"""Make the pictures of docs/synth-grow.md, or with --time its table of times."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import yaml

from tenfold.synth.grow import Airways, Ducts, Grower, LSystem, Plant, Vessels, draw_tree

HERE = Path(__file__).parent
SIDE = 310


def own_rules() -> LSystem:
    """The example on the page."""
    page = (HERE / "synth-grow.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```yaml\n(.*?)^```", page, flags=re.M | re.S)
    return LSystem.of(yaml.safe_load(text))


def draw(name: str, grown: list[tuple[Grower, int]]) -> None:
    """Draw individuals side by side."""
    row = np.hstack([draw_tree(grower.grow(seed), SIDE) for grower, seed in grown])
    cv2.imwrite(
        str(HERE / "pictures" / f"{name}.png"),
        cv2.cvtColor(row, cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_PNG_COMPRESSION, 9],
    )


def tell_times() -> None:
    """Milliseconds of processor time to grow and to draw, in Markdown."""
    print("| | nodes | grown in | drawn at 512 x 512 in |\n|---|---|---|---|")
    for grower in (Ducts(), Ducts(generations=10), Airways(), Vessels(), Plant(), own_rules()):
        grow, draw_it = [], []
        for _ in range(5):
            begun = time.process_time()
            tree = grower.grow(0)
            grow.append(time.process_time() - begun)
            begun = time.process_time()
            draw_tree(tree, 512)
            draw_it.append(time.process_time() - begun)
        more = ", 10 generations" if grower == Ducts(generations=10) else ""
        times = f"{min(grow) * 1e3:.1f} ms | {min(draw_it):.2f} s"
        print(f"| `{grower.kind}`{more} | {len(tree):,} | {times} |")


def main() -> None:
    """Make both pictures."""
    draw("synth-grow-presets", [(Ducts(), 3), (Airways(), 3), (Vessels(), 3), (Plant(), 3)])
    draw("synth-grow-rules", [(own_rules(), seed) for seed in (1, 2, 3)])


if __name__ == "__main__":
    tell_times() if "--time" in sys.argv else main()
