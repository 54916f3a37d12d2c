"""How fast the whole job is here, and where its time goes."""

from __future__ import annotations

import math
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
class Run:
    """One whole job.

    Attributes:
        rate: outputs a second of all of it.
        steady: outputs a second from the moment when each worker had committed a shard to the last
            commit: without the start of the processes and the end of the job. NaN if that was all.
        first: seconds to that moment.
        busy: seconds of processor time an output that this process took: the whole work with one
            worker, with more of them the parent's.
    """

    rate: float
    steady: float
    first: float
    busy: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What was measured.

    Attributes:
        outputs, copies: of one whole job; the outputs are copies and originals.
        runs: workers -> whole jobs, one a repetition.
        stages: stage -> seconds of processor time a copy, on one thread.
        png: how many times as fast as OpenCV at level 1 the copies were encoded; None if they
            aren't PNG.
    """

    outputs: int
    copies: int
    runs: dict[int, tuple[Run, ...]]
    stages: dict[str, float]
    png: float | None = None

    def text(self) -> str:
        """A small table."""
        lines = [f"{self.outputs} outputs a job, {self.copies} of them copies"]
        fewest = self.runs[min(self.runs)]
        for workers, runs in self.runs.items():
            rates = [run.rate for run in runs]
            lines.append(
                f"{workers} worker{'s' if workers > 1 else ' '}  {_median(runs, 'rate'):8.0f} "
                f"outputs/s ({min(rates):.0f}..{max(rates):.0f}), "
                f"{_median(runs, 'rate') / _median(fewest, 'rate'):.2f} times one; begun after "
                f"{_median(runs, 'first'):.2f} s, then {_median(runs, 'steady'):.0f} outputs/s, "
                f"{_median(runs, 'steady') / _median(fewest, 'steady'):.2f} times one; this "
                f"process took {1e3 * _median(runs, 'busy'):.3f} ms an output"
            )
        total = sum(self.stages.values())
        for stage, seconds in self.stages.items():
            lines.append(f"{stage:<9}  {1e3 * seconds:8.3f} ms a copy, {seconds / total:6.1%}")
        if 1 in self.runs:
            lines.append(self._alone())
        if self.png is not None:
            lines.append(f"PNG files are encoded {self.png:.2f} times as fast as by OpenCV level 1")
        return "\n".join(lines)

    def _alone(self) -> str:
        """The job beside decoding and encoding alone, both by processor time of one thread."""
        alone = 1 / (self.stages["decode"] + self.stages["encode"])
        job = self.copies / self.outputs / _median(self.runs[1], "busy")
        return (
            f"decoding and encoding alone {alone:.0f} copies/s, the whole job {job:.0f} copies/s, "
            f"{job / alone:.1%} of that (by processor time)"
        )


def _median(runs: Sequence[Run], what: str) -> float:
    return float(statistics.median(getattr(run, what) for run in runs))


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
    runs: dict[int, list[Run]] = {n: [] for n in workers}
    stages: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
        for repeat in range(repeats):
            for count in workers:
                job = make_job(Path(folder) / f"{repeat}-{count}")
                runs[count].append(_timed_run(job, count))
            with single_threaded():
                stages.append(measure_stages(make_job(Path(folder) / f"stages-{repeat}")))
        with single_threaded():
            png = against_opencv(job)
        outputs = sum(job.outputs(i) for i in range(len(job.source.items)))
        copies = sum(count or 0 for count in job.copies)
    middle = {name: statistics.median(each[name] for each in stages) for name in STAGES}
    return Bench(outputs, copies, {n: tuple(r) for n, r in runs.items()}, middle, png)


def _timed_run(job: Job, workers: int) -> Run:
    state = prepare(job, "refuse", shared=False)
    commits: list[tuple[float, int]] = []
    start, busy = perf_counter(), process_time()
    outputs = execute(
        job, LocalEngine(workers), state,
        progress=lambda done: commits.append((perf_counter(), done.outputs)),
    ).outputs  # fmt: skip
    seconds, busy = perf_counter() - start, process_time() - busy
    begun = commits[min(workers, len(commits)) - 1][0]
    rest, lasted = sum(made for _, made in commits[workers:]), commits[-1][0] - begun
    steady = rest / lasted if lasted > 0 else math.nan
    return Run(outputs / seconds, steady, begun - start, busy / outputs)


def against_opencv(job: Job, samples: int = 8) -> float | None:
    """How many times as fast as OpenCV at level 1 a job's images are encoded, if as PNG.

    Images are 8 bits with 1 or 3 channels; None if there is none that is written as PNG.
    """
    ours = theirs = 0.0
    for _, sample, _ in _timed_samples(job, samples):
        plain = sample.image.dtype == np.uint8 and sample.image.shape[2] in (1, 3)
        if not plain or _format(job, sample) != "png":
            continue
        image = np.ascontiguousarray(sample.image[..., ::-1])  # OpenCV's own order, made beforehand
        start = process_time()
        _encode(job, sample)
        middle = process_time()
        cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        ours, theirs = ours + middle - start, theirs + process_time() - middle
    return theirs / ours if ours else None


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
    quality = job.writer.options.quality
    return encode_image(sample.image, _format(job, sample), sample.encoding, quality, sample.alpha)


def _format(job: Job, sample: Sample) -> str:
    return job.writer.options.format or str(sample.encoding.get("format", "png"))


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
