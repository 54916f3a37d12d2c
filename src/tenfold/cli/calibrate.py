"""`tenfold calibrate`: how far each invariance may go, measured, as a recipe."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from tenfold.cli.main import command_line, complain, say
from tenfold.cli.options import folder, seconds_of, side_of, source_argument, words
from tenfold.cli.progress import stages
from tenfold.errors import RequestError
from tenfold.evaluate.names import readable
from tenfold.places import Place


@click.command()
@source_argument
@click.option(
    "-o",
    "--output",
    type=folder(),
    required=True,
    metavar="FILE",
    help="the recipe; a page (.html) and all numbers (.json) are written beside it",
)
@click.option(
    "--invariances",
    metavar="LIST",
    help="rotation,scaling,... or all  [default: the commonest]",
)
@click.option(
    "--classifiers",
    default="svm,knn",
    show_default=True,
    metavar="LIST",
    help="who reads the labels: svm, knn, mlp, cnn, or import paths of scikit-learn estimators",
)
@click.option(
    "--epsilon",
    type=float,
    default=2.0,
    show_default=True,
    metavar="POINTS",
    help="by how much the labels read may fall",
)
@click.option(
    "--folds", type=click.IntRange(2), default=5, show_default=True, help="for cross-fitting"
)
@click.option(
    "--group",
    metavar="REGEX",
    help="its first group in an image's id names what stays together (writer, patient)",
)
@click.option("--size", metavar="HxW", help="bring the images to this size first")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--training/--no-training",
    default=True,
    show_default=True,
    help="also measure up to where training on it helps",
)
@click.option(
    "--together",
    is_flag=True,
    help="make all ranges smaller, so that the whole recipe keeps to epsilon",
)
@click.option("--budget", metavar="TIME", help="begin nothing after 30m, 90s or 2h")
@click.option("--overwrite", is_flag=True, help="replace the recipe, page and numbers")
@click.option("--layout", metavar="NAME", help="layout of SRC, where it can't be told")
@click.option("--label-column", metavar="NAME", help="the table's column of labels")
@click.option("--quiet", is_flag=True, help="no progress, no summary")
def calibrate(
    source: Place, output: Path, invariances: str | None, classifiers: str, epsilon: float,
    folds: int, group: str | None, size: str | None, seed: int, training: bool, together: bool,
    budget: str | None, overwrite: bool, layout: str | None, label_column: str | None, quiet: bool,
) -> int:  # fmt: skip
    """Measure on SRC how far each invariance may go before labels suffer, and write a recipe."""
    from tenfold.calibrate.calibration import Wanted
    from tenfold.calibrate.calibration import calibrate as measure
    from tenfold.calibrate.page import write_page
    from tenfold.calibrate.words import verdicts, warning, whole_in_words
    from tenfold.calibrate.written import write_numbers, write_recipe
    from tenfold.study.reading import open_data

    page, numbers = output.with_suffix(".html"), output.with_suffix(".json")
    if output.suffix.lower() not in (".yaml", ".yml"):
        raise RequestError(f"-o names the recipe, a .yaml file; got {output}")
    for path in (output, page, numbers):
        if path.exists() and not overwrite:
            raise RequestError(f"{path} exists; take another name, or --overwrite")
    wanted = Wanted(
        None if invariances is None else tuple(words(invariances)), tuple(words(classifiers)),
        epsilon / 100, folds, seed, training, together,
        None if budget is None else seconds_of(budget),
    )  # fmt: skip
    data = open_data(
        source, group=group, size=None if size is None else side_of(size), layout=layout,
        label_column=label_column,
    )  # fmt: skip
    with stages(quiet) as progress:
        found, bench = measure(data, wanted, progress, readable(Path(str(source)).name))
    command = shlex.join(command_line())
    write_recipe(found, output, command)
    write_page(found, bench, page, recipe=output.name, command=command)
    write_numbers(found, numbers)
    if found.unmeasured:
        complain(f"warning: --budget was too short for {', '.join(found.unmeasured)}")
    if said := warning(found):
        complain(f"warning: {said}")
    if not quiet:
        for line in verdicts(found):
            say(line)
        say(whole_in_words(found))
        recipe = f"recipe {output}; " if found.recipe.ops else ""
        say(f"{recipe}page {page}; numbers {numbers}")
    return 0
