"""`tenfold fit`: generators that learn a dataset's variety."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from tenfold.cli.main import complain, say
from tenfold.cli.options import folder, recipe_options, seconds_of, side_of, source_argument
from tenfold.cli.progress import stages
from tenfold.evaluate.names import duration, readable
from tenfold.places import Place

F = TypeVar("F", bound=Callable[..., Any])

_SHOWN = 10


@click.group()
def fit() -> None:
    """Fit a generator on a dataset's images; recipes use it for a share of the copies."""


def _common(function: F) -> F:
    """Options of every kind of generator."""
    for option in reversed((
        source_argument,
        click.option(
            "-o", "--output", type=folder(), required=True, metavar="DIR", help="the model's folder"
        ),
        click.option("--size", metavar="HxW", help="bring the images to this size first"),
        click.option("--split", metavar="NAME", help="the split to learn from  [default: train]"),
        click.option("--overwrite", is_flag=True, help="replace the model that is in DIR"),
        click.option("--quiet", is_flag=True, help="no progress, no summary"),
        click.option(
            "--layout", metavar="NAME", help="layout of SRC, where it can't be told"
        ),
        click.option(
            "--label-column", metavar="NAME", help="the table's column of labels"
        ),
    )):  # fmt: skip
        function = option(function)
    return function


@fit.command()
@_common
@recipe_options("the images as they are")
@click.option(
    "--validate",
    type=float,
    default=0.1,
    show_default=True,
    help="share held out to stop by, where SRC has no split named val",
)
@click.option(
    "--group",
    metavar="REGEX",
    help="hold out whole groups: the first group in an image's id (writer, patient...)",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="of all randomness"
)
@click.option("--conditional", is_flag=True, help="tell the model the class")
@click.option("--latent", type=int, help="dimensions of the latent space (2 for pictures)")
@click.option("--epochs", type=int, help="at most")
@click.option("--beta", type=float, help="weight of the prior  [default: 1]")
@click.option("--likelihood", metavar="NAME", help="bernoulli, gaussian or logistic")
@click.option("--sharpness", type=float, help="weight of the edges  [default: 0]")
@click.option("--autoencoder", is_flag=True, help="a plain one, without noise and prior")
@click.option(
    "--budget",
    metavar="TIME",
    help="stop after 5m, 90s or 1h (then a fit may differ from the next)",
)
def vae(
    source: Place, output: Path, size: str | None, split: str | None, overwrite: bool,
    quiet: bool, layout: str | None, label_column: str | None, recipe_file: Path | None,
    preset: str | None, validate: float, group: str | None, seed: int, conditional: bool,
    latent: int | None, epochs: int | None, beta: float | None, likelihood: str | None,
    sharpness: float | None, autoencoder: bool, budget: str | None,
) -> int:  # fmt: skip
    """Fit a variational autoencoder on SRC: new samples are decoded from altered latents."""
    given = {
        "latent": latent, "epochs": epochs, "beta": beta, "likelihood": likelihood,
        "sharpness": sharpness, "seconds": None if budget is None else seconds_of(budget),
        "conditional": conditional or None, "variational": False if autoencoder else None,
    }  # fmt: skip
    return _fit(
        "vae", source, output, quiet, recipe_file, size, given,
        {
            "recipe": recipe_file, "preset": preset, "split": split, "validate": validate,
            "group": group, "seed": seed, "overwrite": overwrite, "layout": layout,
            "label_column": label_column,
        },
    )  # fmt: skip


@fit.command()
@_common
def deformation(
    source: Place, output: Path, size: str | None, split: str | None, overwrite: bool,
    quiet: bool, layout: str | None, label_column: str | None,
) -> int:  # fmt: skip
    """Learn how each class of SRC bends: new shapes that keep the original's sharp ink."""
    return _fit(
        "deformation", source, output, quiet, None, size, {},
        {
            "split": split, "overwrite": overwrite, "layout": layout,
            "label_column": label_column,
        },
    )  # fmt: skip


def _fit(
    kind: Any,
    source: Place,
    output: Path,
    quiet: bool,
    recipe_file: Path | None,
    size: str | None,
    settings: dict[str, Any],
    request: dict[str, Any],
) -> int:
    from tenfold.fitting import fit_model

    said = {name: value for name, value in settings.items() if value is not None}
    with stages(quiet) as progress:
        fitted = fit_model(
            kind, source, output, settings=said, size=None if size is None else side_of(size),
            progress=progress, **request,
        )  # fmt: skip
    for warning in fitted.warnings:
        complain(f"warning: {warning}")
    if fitted.unusable:
        count = len(fitted.unusable)
        complain(f"{count} image{'' if count == 1 else 's'} couldn't be used:")
        for problem in fitted.unusable[:_SHOWN]:
            complain(f"  {readable(problem.id)}: {problem.reason}")
    if not quiet:
        _summary(fitted, source, output, recipe_file)
    return 1 if fitted.unusable else 0


def _summary(fitted: Any, source: Place, output: Path, recipe_file: Path | None) -> None:
    made = fitted.generator
    height, width, channels = made.shape
    held = f", {fitted.watched:,} held out to watch" if fitted.watched else ""
    say(
        f"{made.kind} of {fitted.train:,} images {width}x{height}x{channels} in "
        f"{len(made.classes)} classes{held}: {duration(fitted.seconds)}"
    )
    history = fitted.history
    if losses := history.get("judged") or history.get("losses"):
        watched = bool(history.get("judged"))
        best = history.get("best", -1) if watched else len(losses) - 1
        settings = made.settings
        bound = watched and settings.variational and settings.beta == 1
        what = f"ELBO {-losses[best]:.4g} nats" if bound else f"loss {losses[best]:.4g}"
        part = "validation" if watched else "training"
        say(f"{part} {what} a sample, in epoch {best + 1} of {len(losses)}")
    say(f"model {output}; it offers {', '.join(made.methods)}")
    recipe = recipe_file or "recipe.yaml"
    say("next:")
    if recipe_file is None:
        say(f"  tenfold recipe init {source} -o {recipe}")
    home, model = Path(recipe).absolute().parent, output.absolute()
    model = model.relative_to(home) if model.is_relative_to(home) else model
    say(f"  echo 'generators: [{{model: {model}, share: 0.5}}]' >> {recipe}")
    say(f"  tenfold augment {source} DST --recipe {recipe}")
