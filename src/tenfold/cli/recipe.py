"""`tenfold recipe`: start, check and list recipes."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.main import say
from tenfold.cli.options import folder, source_argument, source_options
from tenfold.errors import RequestError
from tenfold.places import Place


@click.group()
def recipe() -> None:
    """Start, check and list recipes."""


@recipe.command()
@source_argument
@click.option("-o", "--output", type=folder(), help="write to this file instead of the terminal")
@source_options
def init(
    source: Place, output: Path | None, layout: str | None, label_column: str | None,
    max_pixels: int,
) -> int:  # fmt: skip
    """Write a commented recipe that fits the data in SRC."""
    from tenfold.declare.init import starter_recipe, survey
    from tenfold.samples.sources import open_source
    from tenfold.write.atomic import write_bytes

    found = open_source(source, layout, max_pixels, label_column=label_column)
    text = starter_recipe(survey(found))
    if output is None:
        say(text.rstrip("\n"))
        return 0
    if output.exists():
        raise RequestError(f"{output} is there already; give another name, or remove it")
    write_bytes(output.absolute(), text.encode())
    say(
        f"{output}: a starting point; read its comments, then look at what it does:\n"
        f"  tenfold preview {source} --recipe {output}"
    )
    return 0


@recipe.command()
@click.argument("file", metavar="FILE", type=folder())
def check(file: Path) -> int:
    """Check a recipe FILE and print it with nothing left out."""
    from tenfold.declare.parse import dump_recipe, load_recipe

    found = load_recipe(file)
    say(dump_recipe(found, full=True).rstrip("\n"))
    say(f"# {len(found.ops)} invariances, hash {found.hash()}")
    return 0


@recipe.command("list")
def list_presets() -> int:
    """List the presets and what each assumes, and all invariances."""
    from tenfold.declare.presets import PRESETS, preset
    from tenfold.ops.catalogue import OPS

    say("presets (--preset NAME):")
    for name in PRESETS:
        say(f"  {name:<11} {preset(name).assumes}")
    say()
    say("invariances:")
    family = ""
    for name, op in OPS.items():
        if op.family != family:
            family = op.family
            say(f"  {family}")
        say(f"    {name:<20} {op.summary()}")
    return 0


@recipe.command()
@click.argument("preset_name", metavar="PRESET")
def show(preset_name: str) -> int:
    """Print a PRESET as a recipe file to start from."""
    from tenfold.declare.presets import preset_text

    say(preset_text(preset_name).rstrip("\n"))
    return 0


@recipe.command()
def schema() -> int:
    """Print the JSON Schema of recipes (for editors)."""
    from tenfold.declare.json_schema import schema_text

    say(schema_text().rstrip("\n"))
    return 0
