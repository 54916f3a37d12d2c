"""`tenfold study`: whether augmentation helps these data, with a verdict."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from tenfold.cli.main import command_line, complain, say
from tenfold.cli.options import (
    engine_options,
    folder,
    ray_engine,
    seconds_of,
    side_of,
    source_argument,
    words,
)
from tenfold.cli.progress import bar
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
@engine_options
@click.option("--budget", metavar="TIME", help="begin nothing after 30m, 90s or 2h")
@click.option("--layout", metavar="NAME", help="layout of SRC, where it can't be told")
@click.option("--quiet", is_flag=True, help="no progress")
def study(
    source: Place, output: Path, arms: str, recipe: str | None, classifiers: str, doses: str,
    sizes: str, repeats: int, folds: int, group: str | None, label_column: str | None,
    size: str | None, test: float, seed: int, workers: int | None,
    engine: str, address: str | None, budget: str | None,
    layout: str | None, quiet: bool,
) -> int:  # fmt: skip
    """Compare ways to augment SRC (labelled images, or a .csv or .npz of features)."""
    from tenfold.study.analysis import Analysis
    from tenfold.study.arms import arms_of
    from tenfold.study.design import Design
    from tenfold.study.reading import open_data
    from tenfold.study.report import write_report
    from tenfold.study.study import Study
    from tenfold.study.verdict import verdicts

    design = Design(
        tuple(arms_of(arms, recipe)), tuple(words(classifiers)), tuple(_numbers(doses, "--doses")),
        tuple(None if word == "all" else _number(word, "--sizes") for word in words(sizes)),
        repeats, folds, seed, test,
    )  # fmt: skip
    crew = ray_engine(engine, address, workers)
    limit = None if budget is None else seconds_of(budget)
    data = open_data(
        source, group=group, size=None if size is None else side_of(size), layout=layout,
        label_column=label_column,
    )  # fmt: skip
    made = Study(data, design, output)
    with bar(len(made.left()), "runs", quiet) as advance:
        made.run(workers or 1, limit, lambda *_: advance(1), engine=crew)
    command = shlex.join(command_line())
    found = Analysis(made)
    page = write_report(found, output, source=str(source), command=command)
    for verdict in verdicts(found):
        say(" ".join(verdict.sentences))
    if left := len(made.left()):
        say(f"{left} runs are left; repeat the command to go on")
    say(f"report: {page}")
    for arm, count, reason in (failures := found.failures()):
        complain(f"the arm {arm} failed in {count} run{'s' if count > 1 else ''}: {reason}")
    return 1 if failures else 0


def _numbers(text: str, option: str) -> list[int]:
    return [_number(word, option) for word in words(text)]


def _number(word: str, option: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise RequestError(f"{option}: '{word}' is no whole number") from None
