"""A simulated dataset as a source: its items are individuals, and to read one is to make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tenfold.errors import RequestError, SampleError
from tenfold.long_list import kept
from tenfold.places import Place, place_of
from tenfold.samples.sample import Sample, value_range_of
from tenfold.samples.source import MAX_PIXELS, DatasetInfo, Item, Quarantined, Source
from tenfold.synth.simulation import Simulation, opened
from tenfold.synth.synthesiser import Simulated


@dataclass(frozen=True, eq=False)
class SynthSource(Source):
    """Individuals that are made when they are read.

    Attributes:
        simulation: what makes them.
    """

    layout: ClassVar[str] = "synth"
    located: ClassVar[bool] = False

    root: Place
    items: Sequence[Item]
    info: DatasetInfo
    simulation: Simulation
    problems: tuple[Quarantined, ...] = ()
    max_pixels: int = MAX_PIXELS
    about: Mapping[str, Any] = field(default_factory=dict)
    _last: dict[str, Simulated] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, simulation: Simulation, max_pixels: int = MAX_PIXELS) -> SynthSource:
        """The source of a simulation."""
        individuals = simulation.individuals()
        items = kept(Item(name, extra={"seed": seed}) for name, seed in individuals)
        synthesiser = simulation.synthesiser
        info = DatasetInfo(
            classes=synthesiser.classes,
            has_masks=True,
            has_boxes=bool(synthesiser.classes),
        )
        root = place_of(simulation.name.replace(":", "."))
        about = {"simulation": simulation.digest()}
        return cls(root, items, info, simulation, max_pixels=max_pixels, about=about)

    @classmethod
    def detect(cls, root: Place) -> bool:
        """Never: a simulation is asked for by name."""
        del root
        return False

    @classmethod
    def open(cls, root: Place, max_pixels: int = MAX_PIXELS) -> SynthSource:
        """The source of a dataset that was simulated before, from what it tells of itself."""
        return cls.of(opened(root), max_pixels)

    def made(self, item: Item) -> Simulated:
        """An individual; the last one is kept, as it may be asked for twice.

        Raises:
            SampleError: this individual can't be made.
        """
        if item.id not in self._last:
            self._last.clear()
            try:
                made = self.simulation.make(int(item.extra["seed"]))
            except (RequestError, SampleError) as error:
                raise SampleError(str(error)) from error
            # A person's own simulator may go wrong in any way.
            except Exception as error:
                raise SampleError(
                    f"its simulator stopped with {type(error).__name__}: {error} (seed "
                    f"{item.extra['seed']}; tenfold.testing.check_synthesiser shows where)"
                ) from error
            self._last[item.id] = made
        return self._last[item.id]

    def read(self, item: Item) -> Sample:
        """The individual as a sample; `encoding["told"]` and `["files"]` are what else is known."""
        made = self.made(item)
        height, width = made.image.shape[:2]
        if height * width > self.max_pixels:
            raise SampleError(
                f"{width}x{height} is more than {self.max_pixels} pixels; make it smaller"
            )
        strange = {one.label for one in made.instances} - set(self.info.classes)
        if strange:
            raise SampleError(
                f"has objects of the class {sorted(map(str, strange))[0]!r}, and its synthesiser's "
                f"classes are {', '.join(map(str, self.info.classes)) or 'none'}"
            )
        told = {"seed": item.extra["seed"], **made.told}
        return Sample(
            item.id,
            made.image,
            masks=dict(made.masks),
            instances=tuple(made.instances),
            value_range=tuple(told.get("value_range") or value_range_of(made.image)),
            encoding={"told": told, "files": dict(made.files)},
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": {}}
