"""How fast the whole job is here, and where its time goes."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import cv2
import numpy as np

from tenfold.engine.destination import prepare
from tenfold.engine.job import Job
from tenfold.engine.local import LocalEngine, single_threaded
from tenfold.engine.run import execute
from tenfold.errors import RequestError, SampleError
from tenfold.rng import Key, pixel_generator
from tenfold.samples.codec.encode import encode_image
from tenfold.samples.sample import Sample
from tenfold.samples.validate import clean
from tenfold.write.atomic import write_bytes

STAGES = ("decode", "augment", "encode", "write")


@dataclass(frozen=True, slots=True)
class Bench:
    """What was measured.

    Attributes:
        outputs: of one whole job.
        rates: workers -> outputs a second, one number a repetition.
        stages: stage -> seconds of processor time an output, on one thread.
    """

    outputs: int
    rates: dict[int, tuple[float, ...]]
    stages: dict[str, float]

    def text(self) -> str:
        """A small table."""
        lines = [f"{self.outputs} outputs a job"]
        base = statistics.median(self.rates[min(self.rates)])
        for workers, rates in self.rates.items():
            middle = statistics.median(rates)
            spread = f"{min(rates):.0f}..{max(rates):.0f}"
            lines.append(
                f"{workers} worker{'s' if workers > 1 else ' '}  {middle:8.0f} outputs/s "
                f"({spread}), {middle / base:.2f} times one"
            )
        total = sum(self.stages.values())
        for stage, seconds in self.stages.items():
            lines.append(f"{stage:<9}  {1e3 * seconds:8.3f} ms an output, {seconds / total:6.1%}")
        return "\n".join(lines)


def bench(
    make_job: Callable[[Path], Job], workers: Sequence[int] = (1, 2), repeats: int = 3
) -> Bench:
    """Run whole jobs into temporary folders, and one by one the stages of their samples.

    Args:
        make_job: a job for the given destination.
        workers: numbers of processes to try.
        repeats: whole jobs for each; they take turns, so that a slow spell hits all alike.

    Raises:
        RequestError: no sample can be read.
    """
    rates: dict[int, list[float]] = {n: [] for n in workers}
    outputs = 0
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
        for repeat in range(repeats):
            for count in workers:
                job = make_job(Path(folder) / f"{repeat}-{count}")
                state = prepare(job, "refuse", shared=False)
                start = perf_counter()
                outputs = execute(job, LocalEngine(count), state).outputs
                rates[count].append(outputs / (perf_counter() - start))
        with single_threaded():
            stages = measure_stages(make_job(Path(folder) / "stages"))
    return Bench(outputs, {n: tuple(r) for n, r in rates.items()}, stages)


def measure_stages(job: Job, samples: int = 24) -> dict[str, float]:
    """Seconds an output of each stage, over some samples of a job; files go to its destination."""
    seconds = dict.fromkeys(STAGES, 0.0)
    outputs = 0
    plan = job.plan
    for index, sample, read in _timed_samples(job, samples):
        seconds["decode"] += read
        copies = job.copies[index] or 0
        keys = [Key(job.seed, sample.id, copy) for copy in range(1, copies + 1)]
        start = process_time()
        drawing = plan.drawing(keys)
        made = [plan.copy(sample, drawing, k).sample for k in range(copies)]
        seconds["augment"] += process_time() - start
        start = process_time()
        encoded = [_encode(job, new) for new in made]
        seconds["encode"] += process_time() - start
        start = process_time()
        for number, data in enumerate(encoded):
            write_bytes(job.destination / f"{index}-{number}", data)
        seconds["write"] += process_time() - start
        outputs += copies
    if not outputs:
        raise RequestError("no sample could be read, or there are no copies; nothing to measure")
    return {stage: total / outputs for stage, total in seconds.items()}


def _timed_samples(job: Job, wanted: int) -> Iterator[tuple[int, Sample, float]]:
    chosen = [i for i, copies in enumerate(job.copies) if copies]
    step = max(1, len(chosen) // wanted)
    for index in chosen[::step][:wanted]:
        start = process_time()
        try:
            sample, _, _ = clean(
                job.source.read(job.source.items[index]),
                job.recipe.invalid,
                value_range=job.recipe.value_range,
            )
        except SampleError:
            continue
        yield index, sample, process_time() - start


def _encode(job: Job, sample: Sample) -> bytes:
    options = job.writer.options
    form = options.format or str(sample.encoding.get("format", "png"))
    return encode_image(sample.image, form, sample.encoding, options.quality, sample.alpha)


def write_photos(folder: Path, count: int = 48, height: int = 480, width: int = 640) -> None:
    """Made-up photographs as an image folder of JPEGs: shapes, shading and fine grain.

    Their files are about as large as real ones (compression depends on the content), which plain
    noise or flat colour would not be.
    """
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    for index in range(count):
        rng = pixel_generator(index)
        base = (
            rng.uniform(60, 200, 3)
            + rng.uniform(-40, 40, 3) * (columns[..., None] / width - 0.5)
            + rng.uniform(-40, 40, 3) * (rows[..., None] / height - 0.5)
        )
        image = base.astype(np.float32)
        for _ in range(12):
            centre = (int(rng.integers(width)), int(rng.integers(height)))
            axes = (int(rng.integers(10, 120)), int(rng.integers(10, 120)))
            colour = tuple(float(v) for v in rng.uniform(20, 235, 3))
            cv2.ellipse(image, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, 16)
        grain = cv2.GaussianBlur(
            rng.standard_normal((height, width, 3), dtype=np.float32), (0, 0), 0.8
        )
        picture = np.clip(image + 10 * grain, 0, 255).astype(np.uint8)
        encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
        write_bytes(
            folder / ("round" if index % 2 else "flat") / f"{index:04d}.jpg", encoded.tobytes()
        )


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
