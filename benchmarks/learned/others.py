"""Learned variety on other data, by `tenfold.study`: `python -m benchmarks.learned.others`.

scikit-learn's digits with 10 training samples a class, and the characters of one alphabet of
Omniglot with its drawers parted (where ../shared/data is there).
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.learned.arms import affine_elastic
from benchmarks.learned.ujipen import folder
from tenfold.declare.parse import load_recipe
from tenfold.learned.examples import Examples
from tenfold.study.analysis import Analysis
from tenfold.study.arms import Arm
from tenfold.study.changes import Declared, Learned, Preparation, Same
from tenfold.study.design import Design
from tenfold.study.report import write_report
from tenfold.study.splits import StudyData
from tenfold.study.study import Study
from tenfold.study.verdict import verdicts

_AE = Declared(load_recipe(affine_elastic(1.0)))
_LIGHT = Declared(load_recipe(affine_elastic(0.7)))
_BLUR = Preparation("blur", (0.0, 0.5, 1.0, 1.5, 2.0))
ARMS = (
    Arm("none"),
    Arm("duplicate", (Same(),)),
    Arm("blur", (), (_BLUR,)),
    Arm("affine + elastic", (_AE,)),
    Arm("affine + elastic + blur", (_AE,), (_BLUR,)),
    Arm("vae:reconstruction", (Learned("vae", "reconstruction"),)),
    *(
        Arm(f"vae:{method}", (Learned("vae", method),))
        for method in ("noise", "interpolation", "extrapolation", "prior", "mixture", "metric")
    ),
    Arm("deformation", (Learned("deformation"),)),
    Arm("deformation + affine + elastic", (Learned("deformation"), _LIGHT)),
    Arm("deformation + affine + elastic + blur", (Learned("deformation"), _LIGHT), (_BLUR,)),
)


def digits() -> StudyData:
    """1,797 digits of 8x8 brought to 16x16."""
    from sklearn.datasets import load_digits

    given = load_digits()
    images = [cv2.resize(i.astype(np.float32) / 16, (16, 16)) for i in given.images]
    values = np.clip(np.stack(images), 0, 1)[..., None]
    return StudyData(Examples(values, given.target, tuple(range(10))))


def omniglot(alphabet: str = "Balinese") -> StudyData:
    """An alphabet of Omniglot: 20 drawers, 105x105 brought to 35x35, ink bright."""
    images, labels, drawers, ids = [], [], [], []
    with zipfile.ZipFile(folder() / "omniglot" / "images_background_small1.zip") as archive:
        for name in sorted(archive.namelist()):
            parts = name.split("/")
            if len(parts) < 4 or parts[1] != alphabet or not name.endswith(".png"):
                continue
            data = np.frombuffer(io.BytesIO(archive.read(name)).getvalue(), np.uint8)
            image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
            assert image is not None
            small = cv2.resize(255 - image, (35, 35), interpolation=cv2.INTER_AREA)
            images.append(small.astype(np.float32)[..., None] / 255)
            labels.append(parts[2])
            drawers.append(int(parts[3].split("_")[1].removesuffix(".png")))
            ids.append(f"{parts[2]}/{parts[3]}")
    classes, numbers = np.unique(labels, return_inverse=True)
    examples = Examples(np.stack(images), numbers, tuple(classes.tolist()), tuple(ids))
    return StudyData(examples, np.array(drawers))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing, and write the pages."""
    parser = argparse.ArgumentParser(prog="benchmarks.learned.others", description=__doc__)
    parser.add_argument("--data", choices=("digits", "omniglot"), required=True)
    parser.add_argument("--classifiers", default="svm,knn,mlp,cnn")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    data = digits() if options.data == "digits" else omniglot()
    size = 10 if options.data == "digits" else None
    design = Design(ARMS, tuple(options.classifiers.split(",")), (9,), (size,), options.repeats)
    study = Study(data, design, options.output)
    study.run(options.workers, progress=lambda record, done, total: print(
        f"{done}/{total} {record.run.arm} {record.run.classifier}: {record.accuracy:.3f}",
        flush=True,
    ))  # fmt: skip
    found = Analysis(study)
    command = f"python -m benchmarks.learned.others --data {options.data} -o {options.output}"
    print(write_report(found, options.output, source=options.data, command=command))
    for verdict in verdicts(found):
        print(" ".join(verdict.sentences))


if __name__ == "__main__":
    main()
