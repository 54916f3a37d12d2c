"""`tenfold synth`: simulated datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import yaml

from tenfold.cli.main import say
from tenfold.cli.options import (
    engine_options,
    folder,
    place,
    recipe_options,
    run_options,
)
from tenfold.cli.running import carried, check_existing, engine_of, part_of
from tenfold.errors import RequestError, did_you_mean
from tenfold.places import Place
from tenfold.synth.dress.style import Style
from tenfold.synth.simulation import check_settings, synthesiser_of
from tenfold.synth.synthesiser import Synthesiser
from tenfold.synthesis import plan_synthesis
from tenfold.write.writer import WriteOptions


class _Presets(click.Group):
    """`synth PRESET DST` beside the subcommands: any other first word is a preset."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            from tenfold.synth.catalogue import PRESETS

            if args[0] not in PRESETS and ":" not in args[0]:
                known = [*PRESETS, *self.commands]
                cure = did_you_mean(args[0], known) or f"; there are {', '.join(known)}"
                ctx.fail(f"no preset '{args[0]}'{cure}; your own is named package.module:Class")
            return "", make, args  # the usage says `tenfold synth PRESET DST`
        return super().resolve_command(ctx, args)


def setting_options(function: Any) -> Any:
    """--config, --set, --size, --style and --strength."""
    for option in (
        click.option(
            "--strength", type=click.FloatRange(0, 1, min_open=True),
            help="of the style  [default: 1]",
        ),
        click.option(
            "--style", "style_folder", metavar="DIR", type=folder(),
            help="a few real images: simulated ones get their texture and colours",
        ),
        click.option("--size", type=click.IntRange(1), metavar="PX", help="side of the pictures"),
        click.option(
            "--set", "changes", multiple=True, metavar="NAME=VALUE",
            help="a setting; a range is written [low, high]",
        ),
        click.option(
            "--config", metavar="FILE", type=folder(), help="settings (YAML), see `synth show`"
        ),
    ):  # fmt: skip
        function = option(function)
    return function


@click.group(cls=_Presets, context_settings={"ignore_unknown_options": True})
def synth() -> None:
    """Simulate data that nobody has, with exact labels.

    \b
    tenfold synth PRESET DST -n 200      write a dataset
    tenfold synth preview PRESET         look at some individuals first
    tenfold synth list                   the presets
    tenfold synth show PRESET            its settings, to start a --config from

    `tenfold synth PRESET --help` has the options. A simulator of your own is named
    package.module:Class.
    """  # noqa: D301 (click's mark for lines that stay)


@click.command(name="synth")
@click.argument("preset_name", metavar="PRESET")
@click.argument("destination", metavar="DST", type=place())
@click.option("-n", "--count", type=click.IntRange(1), default=200, show_default=True)
@click.option("--seed", type=int, help="any integer; drawn and recorded if not given")
@setting_options
@recipe_options("none")
@click.option(
    "--copies",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="of each individual, transformed by the recipe",
)
@click.option("--format", "image_format", metavar="EXT", help="of the pictures  [default: png]")
@click.option("--quality", type=click.IntRange(1, 100), default=95, help="of JPEG and WebP")
@engine_options
@run_options
def make(
    preset_name: str, destination: Place, count: int, seed: int | None, config: Path | None,
    changes: tuple[str, ...], size: int | None, style_folder: Path | None, strength: float | None,
    recipe_file: Path | None, preset: str | None, copies: int, image_format: str | None,
    quality: int, workers: int | None, engine: str, address: str | None, shard: str | None,
    resume: bool, overwrite: bool, dry_run: bool, quiet: bool,
) -> int:  # fmt: skip
    """Simulate individuals of PRESET into DST: images, masks, COCO instances, metadata."""
    check_existing(resume, overwrite)
    crew, part = engine_of(engine, address, workers), part_of(shard, seed)
    prepared = plan_synthesis(
        _asked(preset_name, config, changes, size), destination, count, name=preset_name,
        seed=seed, **_style(style_folder, strength), recipe=recipe_file, preset=preset,
        copies=copies,
        options=WriteOptions(format=image_format, quality=quality), resume=resume,
    )  # fmt: skip
    return carried(prepared, crew, part, resume, overwrite, dry_run, quiet)


@synth.command()
@click.argument("preset_name", metavar="PRESET")
@click.option("-o", "--output", type=folder(), default=Path("preview.png"), show_default=True)
@click.option("--rows", type=click.IntRange(1, 50), default=4, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@setting_options
def preview(
    preset_name: str, output: Path, rows: int, seed: int, config: Path | None,
    changes: tuple[str, ...], size: int | None, style_folder: Path | None, strength: float | None,
) -> int:  # fmt: skip
    """Draw some individuals of PRESET, each beside its masks."""
    import cv2

    from tenfold.evaluate.simulated import simulated_sheet
    from tenfold.synth.simulation import Simulation
    from tenfold.write.atomic import write_bytes

    if output.suffix.lower() != ".png":
        raise RequestError(f"--output must be a .png file, got {output}")
    simulation = Simulation(
        preset_name, _asked(preset_name, config, changes, size), rows, seed,
        **_style(style_folder, strength),
    )  # fmt: skip
    picture = simulated_sheet(simulation)
    write_bytes(output.absolute(), cv2.imencode(".png", picture[:, :, ::-1])[1].tobytes())
    say(f"{output} ({picture.shape[1]}x{picture.shape[0]})")
    return 0


@synth.command(name="list")
def list_presets() -> int:
    """The presets, a line each."""
    from tenfold.synth.catalogue import PRESETS

    width = max(map(len, PRESETS))
    for name, preset in PRESETS.items():
        say(f"{name:<{width}}  {preset.about}")
    return 0


@synth.command()
@click.argument("preset_name", metavar="PRESET")
def show(preset_name: str) -> int:
    """The settings of PRESET as YAML, and what they mean."""
    synthesiser = synthesiser_of(preset_name)
    for line in (type(synthesiser).__doc__ or "").strip().splitlines():
        say(f"# {line.removeprefix('    ')}".rstrip())
    text: str = yaml.safe_dump(synthesiser.settings(), sort_keys=False, default_flow_style=None)
    say(text.rstrip())
    return 0


def _asked(
    name: str, config: Path | None, changes: tuple[str, ...], size: int | None
) -> Synthesiser:
    settings: dict[str, Any] = {}
    if config is not None:
        try:
            settings = check_settings(yaml.safe_load(config.read_bytes()), str(config), name)
        except (OSError, yaml.YAMLError) as error:
            raise RequestError(f"{config} can't be read: {error}") from None
    for change in changes:
        key, found, value = change.partition("=")
        if not found:
            raise RequestError(f"--set {change}: write NAME=VALUE")
        try:
            settings[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise RequestError(f"--set {change}: {error}") from None
    if size is not None:
        settings["size"] = size
    return synthesiser_of(name, {key: _numbers(value) for key, value in settings.items()})


def _numbers(value: Any) -> Any:
    """YAML takes 1e3 for a word; a person doesn't."""
    if isinstance(value, list):
        return [_numbers(one) for one in value]
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _style(images: Path | None, strength: float | None) -> dict[str, Any]:
    if images is None:
        if strength is not None:
            raise RequestError("--strength is that of a style; give --style too")
        return {}
    return {"style": Style.of_folder(images), "strength": 1.0 if strength is None else strength}
