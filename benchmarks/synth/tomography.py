"""Projection and filtered back-projection beside scikit-image's, on the Shepp-Logan phantom.

    python -m benchmarks.synth.tomography [--size 512] [--views 360] [--repeats 5]

Both get the same image, the same rays and the same exact sinogram, on one thread. Times are those
of the process (its shares of a busy processor don't count), the least of the repeats; errors root
mean squares against the exact projections, and against the phantom within the circle that is seen.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from tenfold.synth.tomography import (
    FILTERS,
    Geometry,
    TomographySlice,
    drawn_ellipses,
    evenly,
    exact_projections,
    fbp,
    project,
    sart,
    shepp_logan,
)


def timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Seconds, and what was made."""
    least, made = float("inf"), None
    for _ in range(repeats):
        start = time.process_time()
        made = work()
        least = min(least, time.process_time() - start)
    return least, made


def rms(values: Any) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=float))))


def compare(size: int, views: int, repeats: int) -> None:
    """Print the comparison."""
    import skimage
    from skimage.transform import iradon, radon

    even = size % 2 == 0  # scikit-image's middle is then half a pixel on
    axis = (0.5, -0.5) if even else (0.0, 0.0)
    geometry = Geometry(evenly(views), size, shift=-0.5 if even else 0.0, axis_mm=axis)
    head, angles = shepp_logan(size), np.array(geometry.angles)
    image, exact = drawn_ellipses(head, (size, size), fine=16), exact_projections(head, geometry)
    away = np.hypot(*(np.mgrid[:size, :size] - (size - 1) / 2))
    seen = away < size / 2 - 3
    print(f"{size} x {size}, {views} views, scikit-image {skimage.__version__}, one thread\n")
    print("| | tenfold, s | scikit-image, s | ratio | tenfold, error | scikit-image, error |")
    print("|---|---|---|---|---|---|")

    def row(name: str, ours: Any, theirs: Any, error: Callable[[Any, bool], float]) -> None:
        fast, made = timed(ours, repeats)
        slow, reference = timed(theirs, max(1, repeats // 2))
        print(
            f"| {name} | {fast:.4f} | {slow:.3f} | {slow / fast:.1f} | {error(made, True):.7f} | "
            f"{error(reference, False):.7f} |"
        )

    row(
        "projection", lambda: project(image, geometry), lambda: radon(image, angles, circle=True),
        lambda made, own: rms((made if own else made.T / 10) - exact),
    )  # fmt: skip
    for name in FILTERS:
        row(
            f"FBP, {name}", lambda name=name: fbp(exact, geometry, image.shape, filter=name),
            lambda name=name: iradon(exact.T * 10, angles, filter_name=name, circle=True),
            lambda made, _: rms((made - image)[seen]),
        )  # fmt: skip
    fan = Geometry(evenly(views, 360), int(size * 1.4), 1.0, 1.4 * size)
    fanned = exact_projections(head, fan)
    print("\nAlone:")
    for name, work in (
        ("projection, fan", lambda: project(image, fan)),
        ("FBP, fan", lambda: fbp(fanned, fan, image.shape)),
        (
            "SART, an iteration of 20 parts",
            lambda: sart(exact, geometry, image.shape, iterations=1),
        ),
        ("TomographySlice().make(), a slice of 512", lambda: TomographySlice().make(0)),
    ):
        print(f"- {name}: {timed(work, min(repeats, 3))[0]:.3f} s")


def main() -> None:
    """Read the arguments and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--views", type=int, default=360)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    compare(given.size, given.views, given.repeats)


if __name__ == "__main__":
    main()
