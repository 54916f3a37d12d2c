"""How long a pancreas section with all its labels takes: `python -m benchmarks.synth.sections`.

Processor time of one thread for a whole individual (organ, duct tree, two planes, picture, all
masks, outlines of every cell), the least of some repetitions. The thesis of which the model is
(d'Agostino, Bologna 2020) reports 20 to 23 s for 6,000 cells and 185 s for 50,000.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import cv2

from tenfold.synth.tissue.pancreas import PancreasSection

CASES = tuple(
    PancreasSection(size=size, um_per_pixel=fine)
    for size, fine in ((512, 1.4), (512, 4.8), (1024, 1.4), (1024, 2.4))
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.synth.sections", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    for section in CASES:
        best, cells = float("inf"), 0
        for seed in range(options.repeats):
            start = time.process_time()
            made = section.make(seed)
            spent = time.process_time() - start
            if spent < best:
                best, cells = spent, made.told["cells"]
        size, fine = section.size, section.um_per_pixel
        print(f"{size} x {size}, {fine} um a pixel: {cells:7,} cells {best:5.2f} s", flush=True)


if __name__ == "__main__":
    main()
