"""Real letters (Omniglot's Latin, twenty drawers): which may be turned upside down?"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import cv2
import numpy as np

from tenfold.calibrate.calibration import Wanted, calibrate
from tenfold.learned.examples import Examples
from tenfold.study.splits import StudyData

LETTERS = {5: "e", 9: "i", 15: "o", 20: "t", 24: "x"}


def letters(archive: Path) -> Examples:
    """Letters by all drawers, (N, 16, 16, 1), ink bright."""
    values, labels = [], []
    with zipfile.ZipFile(archive) as held:
        for name in sorted(held.namelist()):
            found = re.search(r"/Latin/character(\d+)/.*\.png$", name)
            if found is None or int(found[1]) not in LETTERS:
                continue
            image = cv2.imdecode(np.frombuffer(held.read(name), np.uint8), cv2.IMREAD_GRAYSCALE)
            small = cv2.resize(image, (16, 16), interpolation=cv2.INTER_AREA)
            values.append(1 - small[:, :, None].astype(np.float32) / 255)
            labels.append(sorted(LETTERS).index(int(found[1])))
    names = tuple(LETTERS[number] for number in sorted(LETTERS))
    return Examples(np.stack(values), np.array(labels), names)


def test_an_o_may_turn_upside_down_and_an_e_may_not(shared_data: Path) -> None:
    given = letters(next((shared_data / "omniglot").glob("*.zip")))
    assert np.bincount(given.labels).tolist() == [20] * 5
    wanted = Wanted(("rotation",), classifiers=("svm",), training=False)
    found, _ = calibrate(StudyData(given), wanted)
    assert found.accuracy[0] > 0.8
    half = next(t for t in found.found[0].turns if t.name == "half a turn")
    verdicts = {
        name: fall.holds(found.epsilon)
        for name, fall in zip(found.classes, half.of_classes, strict=True)
    }
    assert verdicts["o"] == "yes"
    assert verdicts["e"] == "no"
    assert verdicts["t"] == "no"
