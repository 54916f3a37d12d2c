"""`tenfold richness`, `tenfold check-leakage` and `tenfold memorisation`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tenfold.cli.main import say
from tenfold.cli.options import folder, place, side_of
from tenfold.cli.progress import bar, stages
from tenfold.errors import RequestError
from tenfold.places import Place, relative
from tenfold.samples.sources import open_source

if TYPE_CHECKING:
    from tenfold.learned.examples import Examples
    from tenfold.richness.features import Features

F = TypeVar("F", bound=Callable[..., Any])
_SHOWN = 40


def _comparing(function: F) -> F:
    """Options of the commands that compare sets in features."""
    for option in reversed((
        click.option(
            "--features", "kind", default="pixels", show_default=True, metavar="KIND",
            help="what samples are compared by: pixels, pca (the main directions of the first "
            "set's pixels) or model (the latents of --model)",
        ),
        click.option("--model", type=folder(), metavar="DIR", help="a fitted generator's folder"),
        click.option(
            "--size", metavar="HxW", help="bring images to this size  [default: the model's, or "
            "the first image's, 24 pixels at most]",
        ),
        click.option(
            "--most", type=click.IntRange(10), default=5000, show_default=True,
            help="samples of each set that are compared; drawn at random from larger sets",
        ),
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True),
        click.option(
            "-o", "--output", type=folder(), metavar="DIR", help="write the result there too"
        ),
        click.option("--quiet", is_flag=True, help="no progress"),
    )):  # fmt: skip
        function = option(function)
    return function


@click.command()
@click.argument("real", metavar="REAL", type=place())
@click.argument("synthetic", metavar="SYNTHETIC", type=place())
@click.option("--split", metavar="NAME", help="the split of REAL to compare with  [default: train]")
@_comparing
def richness(
    real: Place, synthetic: Place, split: str | None, kind: str, model: Path | None,
    size: str | None, most: int, seed: int, output: Path | None, quiet: bool,
) -> int:  # fmt: skip
    """Measure how much of REAL's variety SYNTHETIC has, and how much of it is noise.

    Both are images with one label each; the split train of each is taken where there is one. Of a
    dataset that tenfold made only the copies count, not the originals among them. Compare with
    real data that were not copied (--split test): copies of REAL are near to it whatever they add.

    With -o, writes richness.json.
    """
    from tenfold.richness.measure import richness as measure
    from tenfold.richness.measure import richness_text

    _require_apart(output, real, synthetic)
    (ours, theirs), features = _read(
        [real, synthetic], [(split or "train",), ("train",)], kind, model, size, most, seed, quiet,
        split,
    )  # fmt: skip
    with stages(quiet) as stage:
        total = 1 + len(ours.classes)
        steps = iter(range(total + 1))
        found = measure(
            ours, theirs, features, seed=seed, told=lambda name: stage(name, next(steps), total)
        )
    say(richness_text(found))
    _write_json(output, "richness.json", {"features": kind, "rows": [r.plain() for r in found]})
    return 0


@click.command()
@click.argument("train", metavar="TRAIN", type=place())
@click.argument("held_out", metavar="HELDOUT", type=place())
@click.argument("synthetic", metavar="SYNTHETIC", type=place())
@_comparing
def memorisation(
    train: Place, held_out: Place, synthetic: Place, kind: str, model: Path | None,
    size: str | None, most: int, seed: int, output: Path | None, quiet: bool,
) -> int:  # fmt: skip
    """Tell whether SYNTHETIC holds copies of TRAIN, which its generator saw.

    HELDOUT, which it never saw, shows how near new data lie. Of TRAIN and SYNTHETIC the split
    train is taken, of HELDOUT test or val, where there are any; TRAIN and HELDOUT may be one
    dataset. The exit code is 1 if there is memorisation.

    With -o, writes memorisation.json and nearest.png, the likeliest copies beside their training
    samples.
    """
    from tenfold.evaluate.names import readable, shorten
    from tenfold.richness.memory import memorisation as measure
    from tenfold.richness.pairs import Pair, write_pairs

    _require_apart(output, train, held_out, synthetic)
    (seen, unseen, made), features = _read(
        [train, held_out, synthetic], [("train",), ("test", "val"), ("train",)],
        kind, model, size, most, seed, quiet,
    )  # fmt: skip
    found = measure(seen, unseen, made, features)
    say(found.text())
    _write_json(output, "memorisation.json", {"features": kind, **found.plain()})
    if output is not None:
        pairs = [
            Pair(
                made.values[k], seen.values[found.twins[k]],
                (
                    f"distance {found.distances[k]:.3g}",
                    shorten(readable(made.ids[k]), 28),
                    shorten(readable(seen.ids[int(found.twins[k])]), 28),
                ),
            )
            for k in found.order[:_SHOWN].tolist()
        ]  # fmt: skip
        write_pairs(
            output / "nearest.png", pairs, ("synthetic", "nearest training"),
            "Synthetic samples and their nearest training samples",
            [f"The likeliest copies of {found.synthetic:,}, by {kind}, the likeliest first."],
        )  # fmt: skip
        say(f"pictures: {output / 'nearest.png'}")
    return 1 if found.found else 0


@click.command("check-leakage")
@click.argument("datasets", metavar="DATASET...", type=place(), nargs=-1, required=True)
@click.option(
    "--threshold", type=float, default=0.95, show_default=True,
    help="least correlation of thumbnails of near duplicates, 0.8 to 1",
)  # fmt: skip
@click.option(
    "--features", is_flag=True,
    help="look for crops and small turns too, by features: some 20 ms a sample",
)  # fmt: skip
@click.option(
    "--manifest", "made", type=place(), multiple=True, metavar="DIR",
    help="a dataset that tenfold made, whose outputs may be among these; may be repeated",
)  # fmt: skip
@click.option(
    "-o", "--output", type=folder(), metavar="DIR", help="write leakage.json and leaks.png there"
)
@click.option("--layout", metavar="NAME", help="layout of the datasets, where it can't be told")
@click.option("--label-column", metavar="NAME", help="the table's column of labels")
@click.option("--quiet", is_flag=True, help="no progress")
def check_leakage(
    datasets: tuple[Place, ...], threshold: float, features: bool, made: tuple[Place, ...],
    output: Path | None, layout: str | None, label_column: str | None, quiet: bool,
) -> int:  # fmt: skip
    """Find samples that are in two splits of DATASET, or in two datasets.

    Looks for the same pixels, for pictures that look the same (recompressed, resized, lightened;
    turned by quarters or mirrored too), and, where tenfold made the data, for copies of one
    sample. The exit code is 1 if there are any.
    """
    from tenfold.richness.leaks import check_leakage as check
    from tenfold.richness.leaks_text import leakage_plain, leakage_text, write_leaks
    from tenfold.richness.lineage import Lineage, with_manifest

    _require_apart(output, *datasets)
    sources = [open_source(each, layout, label_column=label_column) for each in datasets]
    lineage = Lineage([*with_manifest(source.root for source in sources), *made])
    with bar(sum(len(source.items) for source in sources), "samples", quiet) as advance:
        found = check(sources, lineage=lineage, like=threshold, features=features, progress=advance)
    say(leakage_text(found))
    _write_json(output, "leakage.json", leakage_plain(found))
    if output is not None and found.leaks:
        write_leaks(output / "leaks.png", found)
        say(f"pictures: {output / 'leaks.png'}")
    return 1 if found.leaks else 0


def _read(
    places: list[Place], splits: list[tuple[str, ...]], kind: str, model: Path | None,
    size: str | None, most: int, seed: int, quiet: bool, wanted: str | None = None,
) -> tuple[list[Examples], Features]:  # fmt: skip
    """The sets, the last of them without originals, and the features of the first."""
    from tenfold.richness.features import features_of, model_of
    from tenfold.richness.reading import at_most, copies_in, only, part_of, read, size_of

    fitted = model_of(model)
    sources = [open_source(each) for each in places]
    if wanted is not None and wanted not in (there := sources[0].splits()):
        known = ", ".join(there) or "none"
        raise RequestError(f"{places[0]} has no split '{wanted}'; it has {known}")
    parts = [part_of(source, prefer) for source, prefer in zip(sources, splits, strict=True)]
    if len({(str(s.root), part) for s, part in zip(sources, parts, strict=True)}) < len(places):
        raise RequestError("two of the sets are the same data; give different ones")
    if size is not None:
        side = side_of(size)
    else:
        side = size_of(sources[0]) if fitted is None else (fitted.shape[0], fitted.shape[1])
    found: list[Examples] = []
    total = sum(
        1 for s, part in zip(sources, parts, strict=True) for i in s.items
        if part is None or i.split == part
    )  # fmt: skip
    with bar(total, "samples", quiet) as advance:
        for source, part in zip(sources, parts, strict=True):
            first = found[0] if found else None
            whole = read(source, part, side, first, progress=advance)
            whole = only(whole, copies_in(source)) if source is sources[-1] else whole
            found.append(at_most(whole, most, seed))
            if len(found[-1].values) < len(whole.values):
                say(f"{source.root}: {most:,} of {len(whole.values):,} samples, drawn at random")
    return found, features_of(kind, found[0], fitted)


def _require_apart(output: Path | None, *sources: Place) -> None:
    if output is None:
        return
    if output.exists() and not output.is_dir():
        raise RequestError(f"{output} is a file; give a folder with --output")
    for source in sources:
        if relative(output.resolve(), source.resolve()) is not None:
            raise RequestError(
                f"{output} would lie in the dataset; give another place with --output"
            )


def _write_json(output: Path | None, name: str, content: dict[str, Any]) -> None:
    if output is None:
        return
    from tenfold.write.atomic import write_bytes

    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    write_bytes((output / name).absolute(), text.encode())
