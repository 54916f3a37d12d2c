"""What makes a simulated dataset: a synthesiser, a number of individuals, a seed, a style."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tenfold.errors import RequestError, did_you_mean
from tenfold.places import Place, local_copy
from tenfold.rng import Key, draws
from tenfold.samples.walk import SIMULATION
from tenfold.synth.dress.simulated import in_style
from tenfold.synth.dress.style import Style
from tenfold.synth.synthesiser import Simulated, Synthesiser

FILE, STYLE = SIMULATION, "synth.style"
"""Where a simulated dataset keeps what made it."""

_MOST, _AT_ONCE = 10_000_000, 1 << 14
_KEYS = ("synthesiser", "settings", "count", "seed", "strength")


@dataclass(frozen=True, eq=False)
class Simulation:
    """A simulated dataset before it is made.

    Attributes:
        name: of the preset, or `package.module:Class` of a person's own synthesiser.
        synthesiser: what makes an individual.
        count: of individuals.
        seed: any integer; each individual's own seed is drawn from it and its number, so that the
            first hundred of a thousand are the same as a hundred.
        style: what their pictures are dressed in, or None.
        strength: of the style, 0 to 1.

    Raises:
        RequestError: a count or a strength that can't be used.
    """

    name: str
    synthesiser: Synthesiser
    count: int
    seed: int
    style: Style | None = field(default=None, repr=False)
    strength: float = 1.0

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not isinstance(self.count, int):
            raise RequestError(f"the number of samples must be a whole one, got {self.count!r:.40}")
        if not 1 <= self.count <= _MOST:
            raise RequestError(f"the number of samples must be within 1..{_MOST}, got {self.count}")
        if not 0 < self.strength <= 1:
            raise RequestError(f"strength of the style must be within 0..1, got {self.strength!r}")

    def individuals(self) -> Iterator[tuple[str, int]]:
        """Names, in an order that sorting keeps, and seeds, 0 to 2^53 - 1."""
        digits = max(6, len(str(self.count - 1)))
        stem = self.name.rpartition(":")[2].lower().replace("_", "-")
        for first in range(0, self.count, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, self.count))
            keys = [Key(self.seed, str(number), 0) for number in numbers]
            for number, seed in zip(numbers, draws(keys, ["synth"])[0].seeds.tolist(), strict=True):
                yield f"{stem}-{number:0{digits}d}", seed

    def make(self, seed: int) -> Simulated:
        """An individual, dressed."""
        made = self.synthesiser.make(seed)
        if not isinstance(made, Simulated):
            raise RequestError(
                f"{self.name}: make gave a {type(made).__name__}, and should give a Simulated"
            )
        if self.style is None:
            return made
        return in_style(made, self.style, seed, strength=self.strength)

    def told(self) -> dict[str, Any]:
        """All but the style's numbers, in plain types; what the file in the dataset says."""
        out = {
            "synthesiser": self.name,
            "settings": self.synthesiser.settings(),
            "count": self.count,
            "seed": self.seed,
        }
        return out if self.style is None else {**out, "strength": self.strength}

    def digest(self) -> str:
        """A short name of what decides an individual of a given seed, sixteen hexadecimal digits.

        A simulator of one's own is known by its module's source, too.
        """
        told = {k: v for k, v in self.told().items() if k not in ("count", "seed")}
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
        if self.style is not None:
            for array in (self.style.tables, self.style.details, self.style.bank.weights):
                digest.update(array.tobytes())
        if ":" in self.name:
            digest.update(_source_of(type(self.synthesiser)))
        return digest.hexdigest()[:16]

    def file(self) -> bytes:
        """The content of `synth.yaml`: what makes the dataset again, and what its masks mean."""
        legend = {name: dict(values) for name, values in self.synthesiser.legend.items()}
        text = yaml.safe_dump({**self.told(), "legend": legend}, sort_keys=False, width=100)
        return text.encode()


def opened(dataset: Place) -> Simulation:
    """The simulation that made a dataset, from what lies in it.

    Raises:
        RequestError: it isn't there, or damaged.
        ModelError: its style is damaged.
    """
    file = dataset / FILE
    try:
        told = yaml.safe_load(file.read_bytes())
    except (OSError, yaml.YAMLError) as error:
        raise RequestError(f"{file} can't be read: {error}") from None
    if not isinstance(told, dict) or not {"synthesiser", "settings", "count", "seed"} <= set(told):
        raise RequestError(f"{file} doesn't tell how a dataset was simulated")
    style = Style.load(local_copy(dataset / STYLE)) if "strength" in told else None
    name = str(told["synthesiser"])
    return Simulation(
        name, synthesiser_of(name, told["settings"]), told["count"], told["seed"], style,
        told.get("strength", 1.0),
    )  # fmt: skip


def synthesiser_of(name: str, settings: Mapping[str, Any] | None = None) -> Synthesiser:
    """A preset, or a person's own `package.module:Class`, with some settings changed.

    Raises:
        RequestError: no such preset or class, or settings that it can't have.
    """
    from tenfold.synth.catalogue import PRESETS

    if ":" in name:
        return imported(name).of(settings or {})
    if name not in PRESETS:
        hint = did_you_mean(name, PRESETS) or f"; there are {', '.join(PRESETS)}"
        raise RequestError(f"no preset '{name}'{hint}; your own is named package.module:Class")
    chosen = PRESETS[name]
    return chosen.synthesiser.of({**chosen.settings, **(settings or {})})


def imported(name: str) -> type[Synthesiser]:
    """The class of that name, `package.module:Class`; `RequestError` if there is none."""
    module, _, attribute = name.partition(":")
    if not all(part.isidentifier() for part in module.split(".")):
        stem = module.rpartition("/")[2].removesuffix(".py")
        raise RequestError(f"name the module as Python imports it: {stem}:{attribute}")
    _look_here(module)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise RequestError(
            f"{name} can't be imported: {error}; is its folder in PYTHONPATH?"
        ) from None
    if not (isinstance(found, type) and issubclass(found, Synthesiser)):
        raise RequestError(f"{name} is no tenfold.synth.synthesiser.Synthesiser")
    return found


def _look_here(module: str) -> None:
    """Modules in the working directory are found too, here and in processes that are started."""
    here = str(Path.cwd())
    if here not in sys.path and importlib.util.find_spec(module.partition(".")[0]) is None:
        sys.path.append(here)
        importlib.invalidate_caches()


def _source_of(kind: type[Synthesiser]) -> bytes:
    file = inspect.getsourcefile(kind)
    return Path(file).read_bytes() if file is not None and Path(file).is_file() else b""


def check_settings(value: object, where: str, name: str) -> dict[str, Any]:
    """Settings of a synthesiser, read from a person's file.

    Args:
        value: the settings, or all that a dataset's own `synth.yaml` says.
        where: of the file, for messages.
        name: of the synthesiser that they are for.

    Raises:
        RequestError: they are no mapping of words, or those of another synthesiser.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise RequestError(f"{where} must be a mapping, a line 'name: value' for each setting")
    if "synthesiser" not in value:
        return dict(value)
    if unknown := sorted(set(value) - {*_KEYS, "legend"}):
        raise RequestError(f"{where}: unknown key '{unknown[0]}'; it may have {', '.join(_KEYS)}")
    if value["synthesiser"] != name:
        raise RequestError(f"{where} is for {value['synthesiser']}, not for {name}")
    return check_settings(value.get("settings"), f"{where}: settings", name)
