"""One file made again from its manifest line, and compared."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tenfold
from tenfold.compose.composer import Composer
from tenfold.declare.parse import load_recipe
from tenfold.engine.local import single_threaded
from tenfold.engine.making import make_again
from tenfold.engine.manifest import MANIFEST, RECIPE, file_hash, manifest_lines, read_job
from tenfold.engine.state import dataset_of
from tenfold.engine.work import write_copy
from tenfold.errors import RequestError, SampleError
from tenfold.learned.copies import Generators
from tenfold.places import Place, local_copy, nothing_written_yet, place_of, relative
from tenfold.plan.plan import Plan
from tenfold.samples.source import Source
from tenfold.samples.sources import open_source
from tenfold.samples.sources.arrays import ArraysSource, row_hash
from tenfold.samples.validate import clean
from tenfold.synth.source import SynthSource
from tenfold.write.arrays import read_row
from tenfold.write.packed import PackedWriter
from tenfold.write.writer import WriteOptions, Written
from tenfold.write.writers import writer_for


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found.

    Attributes:
        line: the manifest line.
        identical: the file made again, the manifest and the file in the dataset agree.
        on_disk: the file (or row) in the dataset has that hash too.
        why: in plain words.
    """

    line: dict[str, Any]
    identical: bool
    on_disk: bool
    why: str


@nothing_written_yet()
def replay(
    file: Place,
    source: Place | None = None,
    output: Place | None = None,
    models: Sequence[Path] = (),
) -> Replay:
    """Make one output again, from its parent and what its manifest line says was drawn.

    Args:
        file: an output in a dataset that tenfold made (or `data.npz#17` for a row).
        source: where the original dataset is now, if it moved.
        output: folder to keep the file in; otherwise it is made in a temporary one.
        models: where the recipe's models are now, if they moved.

    Raises:
        RequestError: the file isn't in a manifest, or the original can't be found.
        ModelError: it is a generator's, whose model can't be found or was changed.
    """
    destination = dataset_of(file)
    name = relative(file.absolute(), destination)
    assert name is not None
    line = _find(destination, name)
    about = read_job(destination)["job"]
    origin = _origin(about, source, destination)
    options = WriteOptions(
        about["template"], about["format"], about["quality"], about.get("to"), about.get("per_file")
    )
    if output is not None:
        return _made_again(line, origin, destination, output, options, about, models, kept=True)
    with tempfile.TemporaryDirectory(prefix="tenfold-replay-") as folder:
        return _made_again(line, origin, destination, Path(folder), options, about, models)


def _origin(about: Mapping[str, Any], source: Place | None, destination: Place) -> Source:
    if about["layout"] == SynthSource.layout:  # what made it lies in the dataset itself
        return SynthSource.open(source or destination, about["max_pixels"])
    return open_source(
        source or place_of(about["source"]), layout=about["layout"], max_pixels=about["max_pixels"],
        label_column=about.get("label_column"),
    )  # fmt: skip


def _made_again(
    line: dict[str, Any],
    origin: Source,
    destination: Place,
    folder: Place,
    options: WriteOptions,
    about: Mapping[str, Any],
    models: Sequence[Path],
    *,
    kept: bool = False,
) -> Replay:
    item = next((i for i in origin.items if i.id == line["item"]), None)
    if item is None:
        raise RequestError(
            f"the original '{line['item']}' is no longer in {origin.root}; "
            "say where it is with --source"
        )
    writer = writer_for(origin, folder, options)
    if line["copy"] == 0:
        written = writer.copy(item)
    else:
        recipe = load_recipe(local_copy(destination / RECIPE))
        if recipe.hash() != line["recipe"]:
            raise RequestError(
                f"{destination / RECIPE} isn't the recipe that made this file "
                f"({recipe.hash()[:12]}, the manifest says {line['recipe'][:12]})"
            )
        sample, _, _ = clean(origin.read(item), recipe.invalid, value_range=recipe.value_range)
        generators = Generators()
        if line.get("generator") is not None:
            generators = Generators.again(
                recipe, about["models"], [*models, *map(Path, about["model_folders"].values())]
            )
        with single_threaded():
            composer = Composer.again(recipe, origin)
            plan = Plan(recipe, origin.info)
            outcome = make_again(plan, generators, composer, sample, line)
        written = write_copy(writer, item, line["copy"], outcome.sample)
    if isinstance(writer, PackedWriter):
        stored = writer_for(origin, destination, options)
        assert isinstance(stored, PackedWriter)
        return _compare_packed(line, written, stored, folder if kept else None)
    return _compare(line, written, origin, destination, folder if kept else None)


def _compare(
    line: dict[str, Any], written: Written, origin: Source, destination: Place, kept: Place | None
) -> Replay:
    if isinstance(origin, ArraysSource):
        identical = written.record["sha256"] == line["sha256"]
        missing = [] if (destination / origin.file.name).exists() else [origin.file.name]
        on_disk = not missing and _row_on_disk(line, origin, destination) == line["sha256"]
    else:
        identical = dict(written.files) == line["files"]
        missing = [n for n in line["files"] if not (destination / n).exists()]
        on_disk = all(_has_hash(destination / n, sha) for n, sha in line["files"].items())
    return _told(line, identical, on_disk, missing, kept)


def _compare_packed(
    line: dict[str, Any], written: Written, stored: PackedWriter, kept: Place | None
) -> Replay:
    file, _, key = line["file"].partition("#")
    missing = [] if (stored.destination / file).exists() else [file]
    on_disk = False
    if not missing:
        number = 0
        for earlier in manifest_lines(stored.destination):
            if earlier["file"] == line["file"]:
                break
            number += earlier["file"].startswith(f"{file}#")
        try:
            on_disk = stored.stored_hash(file, key, number) == line["sha256"]
        except SampleError:
            on_disk = False
    return _told(line, written.record["sha256"] == line["sha256"], on_disk, missing, kept)


def _told(
    line: dict[str, Any], identical: bool, on_disk: bool, missing: list[str], kept: Place | None
) -> Replay:
    if identical and on_disk:
        why = "identical: made again from its manifest line, byte for byte"
    elif identical and missing:
        gone = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        if kept is not None:
            why = f"{gone}; made again in {kept}, as the manifest says"
        else:
            why = f"{gone}; -o FOLDER makes it again there, as the manifest says"
    elif identical:
        why = "the file was changed after it was made; made again, it is as the manifest says"
    else:
        why = "it differs from what the manifest says"
        if line["version"] != tenfold.__version__:
            why += f" (made by tenfold {line['version']}, this is {tenfold.__version__})"
        else:
            why += " (was its original changed, or are other versions of the libraries installed?)"
    return Replay(line, identical and on_disk, on_disk, why)


def _row_on_disk(line: dict[str, Any], origin: ArraysSource, destination: Place) -> str:
    """Hash of the row that a line is about; rows follow the lines of their group of arrays."""
    group_of = {item.id: int(item.extra["group"]) for item in origin.items}
    group, row = group_of[line["item"]], 0
    for earlier in manifest_lines(destination):
        if earlier["file"] == line["file"]:
            break
        row += group_of.get(earlier["item"]) == group
    return row_hash(read_row(destination, origin, group, row))


def _has_hash(path: Place, sha: str) -> bool:
    try:
        return file_hash(path) == sha
    except OSError:
        return False


def _find(destination: Place, name: str) -> dict[str, Any]:
    for line in manifest_lines(destination):
        if line["file"] == name or name in line["files"]:
            return line
    raise RequestError(f"'{name}' isn't in {destination / MANIFEST}")
