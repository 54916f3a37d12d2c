"""What a study compares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tenfold.errors import RequestError
from tenfold.study.arms import Arm
from tenfold.study.classifiers import classifier
from tenfold.study.extras import require
from tenfold.study.records import Run


@dataclass(frozen=True)
class Design:
    """What is compared.

    Attributes:
        arms: see `tenfold.study.arms.arms_of`; "none" among them is the baseline.
        classifiers: names, see `tenfold.study.classifiers.classifier`.
        doses: copies of each original for arms that make copies; 0 is the baseline's.
        sizes: training samples of each class; None for all.
        repeats: repetitions of each.
        folds: 1 for a single test part, else cross-validation.
        seed: of all randomness.
        test_share, validation_share: of the groups, where the data don't come in parts.

    Raises:
        RequestError: something is missing, or out of range.
    """

    arms: tuple[Arm, ...]
    classifiers: tuple[str, ...] = ("svm", "knn")
    doses: tuple[int, ...] = (1, 4, 9)
    sizes: tuple[int | None, ...] = (None,)
    repeats: int = 5
    folds: int = 1
    seed: int = 0
    test_share: float = 0.3
    validation_share: float = 0.2

    def __post_init__(self) -> None:
        if not any(arm.name == "none" for arm in self.arms):
            raise RequestError("the arm 'none' is missing: nothing can be compared without it")
        if not self.classifiers:
            raise RequestError("name at least one classifier")
        require("scipy", "a study")
        for name in self.classifiers:
            classifier(name)
        if min(self.doses, default=-1) < 0 or max(self.doses, default=0) > 1000:
            raise RequestError(f"doses must be within 0..1000 copies, got {list(self.doses)}")
        if any(size is not None and size < 2 for size in self.sizes) or not self.sizes:
            raise RequestError("sizes must be 2 samples a class or more, or 'all'")
        if self.repeats < 1 or self.folds < 1:
            raise RequestError("repeats and folds must be 1 or more")
        for name in ("test_share", "validation_share"):
            if not 0 < getattr(self, name) < 1:
                raise RequestError(f"{name} must be within 0..1, got {getattr(self, name)}")

    def doses_of(self, arm: Arm) -> tuple[int, ...]:
        """0 for an arm without copies; else those of the design above 0."""
        return tuple(sorted({d for d in self.doses if d > 0})) if arm.changes else (0,)

    def runs(self) -> Iterator[Run]:
        """All runs, repetition after repetition."""
        for repeat in range(self.repeats):
            for fold in range(self.folds):
                for size in self.sizes:
                    for arm in self.arms:
                        for dose in self.doses_of(arm):
                            for judge in self.classifiers:
                                yield Run(arm.name, judge, dose, size, repeat, fold)
