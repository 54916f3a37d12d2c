"""`tenfold study`: whether augmentation helps these data, with a verdict."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from tenfold.cli.fit import seconds_of, side_of
from tenfold.cli.main import say
from tenfold.cli.options import folder, source_argument
from tenfold.errors import RequestError
from tenfold.places import Place

_ARMS = "none,duplicate,blur,recipe:natural"


@click.command()
@source_argument
@click.option(
    "-o",
    "--output",
    type=folder(),
    required=True,
    metavar="DIR",
    help="records and report; a study that was stopped goes on from there",
)
@click.option(
    "--arms",
    default=_ARMS,
    show_default=True,
    metavar="LIST",
    help=(
        "what is compared: none, duplicate, blur[:SIGMA], standardise, recipe:NAME, "
        "only:INVARIANCE, each:RECIPE, without:RECIPE, vae:METHOD, deformation:METHOD, "
        "model:DIR:METHOD; steps of an arm joined by +"
    ),
)
@click.option("--recipe", metavar="NAME", help="whose settings only: takes")
@click.option(
    "--classifiers",
    default="svm,knn",
    show_default=True,
    metavar="LIST",
    help="svm, knn, mlp, cnn, or import paths of scikit-learn estimators",
)
@click.option(
    "--doses", default="1,4,9", show_default=True, metavar="LIST", help="copies of each original"
)
@click.option(
    "--sizes",
    default="all",
    show_default=True,
    metavar="LIST",
    help="training samples a class: 10,50,all",
)
@click.option(
    "--repeats",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="repetitions with other training samples and seeds",
)
@click.option(
    "--folds",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="test every sample in turn",
)
@click.option(
    "--group",
    metavar="REGEX",
    help=(
        "its first group in an image's id names what stays together (writer, patient); of a table, "
        "the column"
    ),
)
@click.option("--label-column", metavar="NAME", help="of a table of features [default: the last]")
@click.option("--size", metavar="HxW", help="bring the images to this size first")
@click.option(
    "--test",
    type=float,
    default=0.3,
    show_default=True,
    help="share of the groups to test on, where SRC has no split named test",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True)
@click.option("--budget", metavar="TIME", help="begin nothing after 30m, 90s or 2h")
@click.option("--layout", metavar="NAME", help="layout of SRC, where it can't be told")
@click.option("--quiet", is_flag=True, help="no progress")
def study(
    source: Place, output: Path, arms: str, recipe: str | None, classifiers: str, doses: str,
    sizes: str, repeats: int, folds: int, group: str | None, label_column: str | None,
    size: str | None, test: float, seed: int, workers: int, budget: str | None,
    layout: str | None, quiet: bool,
) -> int:  # fmt: skip
    """Compare ways to augment SRC (labelled images, or a .csv or .npz of features)."""
    from tqdm import tqdm

    from tenfold.samples.sources import open_source
    from tenfold.study.analysis import Analysis
    from tenfold.study.arms import arms_of
    from tenfold.study.design import Design
    from tenfold.study.reading import of_source, of_table
    from tenfold.study.report import write_report
    from tenfold.study.study import Study
    from tenfold.study.verdict import verdicts

    design = Design(
        tuple(arms_of(arms, recipe)), tuple(words(classifiers)), tuple(_numbers(doses, "--doses")),
        tuple(None if word == "all" else _number(word, "--sizes") for word in words(sizes)),
        repeats, folds, seed, test,
    )  # fmt: skip
    limit = None if budget is None else seconds_of(budget)
    if isinstance(source, Path) and source.is_file() and source.suffix.lower() in (".csv", ".npz"):
        data = of_table(source, label_column=label_column, group_column=group)
    else:
        data = of_source(
            open_source(source, layout=layout, label_column=label_column), group=group,
            size=None if size is None else side_of(size),
        )  # fmt: skip
    made = Study(data, design, output)
    with tqdm(
        total=sum(1 for _ in design.runs()), initial=len(made.records.found), unit="run",
        disable=quiet, file=sys.stderr,
    ) as bar:  # fmt: skip
        made.run(workers, limit, lambda *_: _advance(bar))
    command = "tenfold " + shlex.join(sys.argv[1:])
    found = Analysis(made)
    page = write_report(found, output, source=str(source), command=command)
    for verdict in verdicts(found):
        say(" ".join(verdict.sentences))
    if left := len(made.left()):
        say(f"{left} runs are left; repeat the command to go on")
    say(f"report: {page}")
    return 0


def words(text: str) -> list[str]:
    """Of a list whose entries are parted by commas; RequestError if one is empty."""
    found = [word.strip() for word in text.split(",")]
    if not all(found):
        raise RequestError(f"'{text}' has an empty entry; part entries by single commas")
    return found


def _numbers(text: str, option: str) -> list[int]:
    return [_number(word, option) for word in words(text)]


def _number(word: str, option: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise RequestError(f"{option}: '{word}' is no whole number") from None


def _advance(bar: Any) -> None:
    bar.update()
