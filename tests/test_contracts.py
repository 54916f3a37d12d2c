"""The shipped checks, on everything that tenfold has; and that they can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from engine.datasets import arrays, image_folder, pairs
from sharded import parquet, webdataset
from tenfold.engine.job import Job
from tenfold.engine.local import LocalEngine
from tenfold.engine.work import ShardDone
from tenfold.errors import OutputError
from tenfold.ops.catalogue import OPS
from tenfold.ops.op import Op
from tenfold.ops.steps import Curve, Drawn, Steps
from tenfold.params import Ranged, param
from tenfold.samples.sample import Schema
from tenfold.samples.sources import open_source
from tenfold.testing import check_engine, check_op, check_source, check_writer


@pytest.mark.parametrize("name", OPS)
def test_every_op(name: str) -> None:
    check_op(OPS[name](), draws=2)


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "folder": lambda root: image_folder(root, 6, 2), "pairs": lambda root: pairs(root, 4),
    "arrays": lambda root: arrays(root, 7), "webdataset": webdataset, "parquet": parquet,
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sources_and_writers(layout: str, tmp_path: Path) -> None:
    if layout == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow (tenfold[parquet]) isn't installed")
    source = open_source(LAYOUTS[layout](tmp_path / "data"))
    assert source.layout == layout
    check_source(source)
    check_writer(source)


@pytest.mark.parametrize(
    "name", ["blood-cells-voc", "em-membrane"],
)  # fmt: skip
def test_real_sources(name: str, shared_data: Path) -> None:
    source = open_source(shared_data / name)
    object.__setattr__(source, "items", source.items[:8])
    check_source(source)


def test_the_local_engine(tmp_path: Path) -> None:
    check_engine(LocalEngine(2), open_source(image_folder(tmp_path / "data", 6, 2)))


@dataclass(frozen=True)
class Drifting(Op):
    """Draws something that JSON can't hold."""

    name: ClassVar[str] = "drifting"
    family: ClassVar[str] = "luminosity"
    shift: Ranged = param((0, 0.1), "range", "how much")

    def settle(self, drawn: Drawn) -> Drawn:
        return {"shift": np.float32(drawn["shift"])}

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        return (Curve("shift", (float(drawn["shift"]),)),)


def test_an_op_that_breaks_the_contract_is_caught() -> None:
    with pytest.raises((AssertionError, TypeError)):
        check_op(Drifting())


class Forgetful:
    """An engine that leaves one shard out."""

    def run(self, job: Job, shards: Sequence[int]) -> Iterator[ShardDone]:
        yield from LocalEngine().run(job, shards[1:])


def test_an_engine_that_forgets_is_caught(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="lost what was written"):
        check_engine(Forgetful(), open_source(image_folder(tmp_path / "data", 6, 2)))


def test_a_source_out_of_order_is_caught(tmp_path: Path) -> None:
    source = open_source(image_folder(tmp_path / "data", 6, 2))
    object.__setattr__(source, "items", list(reversed(source.items)))
    with pytest.raises(AssertionError, match="sorted"):
        check_source(source)
