"""Simulated datasets, written: pictures, every mask, COCO instances, and what made them.

- `images/x.png`: the picture (TIFF for floats)
- `masks/x.png`: its first mask (what each pixel is)
- `layers/instance/x.png`: each further mask in a folder of its own
- `files/x.swc`: whole files about it, where there are any
- `annotations/instances.json`: objects, as COCO
- `metadata.jsonl`: a line for each picture: what is known beside
- `synth.yaml`, `synth.style`: what made it all
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from itertools import chain, count
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from tenfold.errors import OutputError, RequestError
from tenfold.places import Place
from tenfold.samples.codec import encode_mask
from tenfold.samples.sample import Sample
from tenfold.samples.source import Item, Source
from tenfold.samples.walk import LAYERS
from tenfold.synth.simulation import FILE, STYLE
from tenfold.synth.source import SynthSource
from tenfold.write.atomic import write_bytes, write_chunks
from tenfold.write.coco import geometry_of
from tenfold.write.images import image_bytes, write_files
from tenfold.write.names import target_of
from tenfold.write.spool import Spool, document
from tenfold.write.writer import Line, WriteOptions, Writer, Written, with_items

ANNOTATIONS, METADATA = "annotations/instances.json", "metadata.jsonl"
_TIFF = {"format": "tiff"}


class SynthWriter(Writer):
    """Writes simulated individuals, and copies of them if there are any."""

    layout = "synth"
    by_stem = True
    named_rows = True

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        if not isinstance(source, SynthSource):
            raise RequestError(f"the writer of simulations needs one, got {source.layout}")
        super().__init__(source, destination, options)
        self.simulated = source
        self._categories = {name: k for k, name in enumerate(source.info.classes, 1)}

    def target(self, item: Item, copy: int) -> str:
        """The image's path."""
        return target_of(f"images/{item.id}.{self.options.format or 'png'}", copy, self.options)

    def copy(self, item: Item) -> Written:
        """The individual itself."""
        return self.write(item, 0, self.source.read(item))

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """Image, masks and files; what belongs into the JSON files goes into the record."""
        target = self.target(item, copy)
        if sample.image.dtype == np.float32:
            target = PurePosixPath(target).with_suffix(".tif").as_posix()
        stem = PurePosixPath(target).stem
        contents = {target: image_bytes(target, sample, self.options)}
        for number, (name, mask) in enumerate(sample.masks.items()):
            folder = "masks" if number == 0 else f"{LAYERS}/{name}"
            large = mask.dtype.kind not in "bu" or mask.dtype.itemsize > 2
            wide = large and (int(mask.max(initial=0)) > 0xFFFF or int(mask.min(initial=0)) < 0)
            suffix = "tif" if wide else "png"
            contents[f"{folder}/{stem}.{suffix}"] = encode_mask(mask, _TIFF if wide else {})
        if copy == 0:  # of the individual; a copy is turned, bent or recoloured
            for suffix, content in sample.encoding["files"].items():
                contents[f"files/{stem}{suffix}"] = content
        annotations = [
            {
                "category_id": self._categories[str(one.label)],
                "iscrowd": 0,
                **geometry_of(one, sample.height, sample.width),
                **{k: v for k, v in one.extra.items() if k != "coco_form"},
            }
            for one in sample.instances
        ]
        record = {
            "size": [sample.width, sample.height],
            "told": dict(sample.encoding["told"]),
            "annotations": annotations,
        }
        labels = tuple(str(one.label) for one in sample.instances)
        return Written(target, write_files(self.destination, contents), record, labels)

    def end_shard(self, shard: int) -> None:
        """Nothing is held back."""

    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """Write the JSON files and what made the dataset."""
        simulation, digests = self.simulated.simulation, {}
        try:
            self.destination.mkdir(parents=True, exist_ok=True)
            with contextlib.ExitStack() as stack:
                images, objects = (Spool(stack, self.destination) for _ in range(2))
                facts = Spool(stack, self.destination, b"\n")
                numbers = count(1)
                named = with_items(lines, self.source.items)
                for image, (line, item) in enumerate(named, 1):
                    record: dict[str, Any] = line.written.record
                    width, height = record["size"]
                    # COCO's names are relative to its folder of images
                    entry = {"id": image, "file_name": PurePosixPath(line.written.file).name,
                             "width": width, "height": height}  # fmt: skip
                    images.add(json.dumps(entry))
                    for annotation in record["annotations"]:
                        whole = {"id": next(numbers), "image_id": image, **annotation}
                        objects.add(json.dumps(whole))
                    others = sorted(set(line.written.files) - {line.written.file})
                    told = {"file": line.written.file, "files": others, "copy": line.copy}
                    if line.copy:  # what is known of the individual isn't true of a copy
                        suffix = PurePosixPath(line.written.file).suffix
                        original = PurePosixPath(self.target(item, 0)).with_suffix(suffix)
                        told["original"] = original.as_posix()
                    else:
                        told |= record["told"]
                    facts.add(json.dumps(told))
                if self._categories:
                    head = json.dumps({"categories": [
                        {"id": k, "name": name} for name, k in self._categories.items()
                    ]})  # fmt: skip
                    digests[ANNOTATIONS] = write_chunks(
                        self.destination / ANNOTATIONS, document(head, images, objects)
                    )
                digests[METADATA] = write_chunks(
                    self.destination / METADATA,
                    chain(facts.chunks(), [] if facts.empty else [b"\n"]),
                )
        except OSError as error:
            raise OutputError(
                f"can't write below {self.destination}: {error.strerror or error}; "
                "make room or check the folder"
            ) from error
        digests[FILE] = write_bytes(self.destination / FILE, simulation.file())
        if simulation.style is not None:
            content = simulation.style.content()
            digests[STYLE] = write_bytes(self.destination / STYLE, content)
        return digests
