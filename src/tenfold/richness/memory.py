"""Whether a generator gives back what it was trained on: copying in place of inventing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.errors import RequestError
from tenfold.learned.examples import Examples
from tenfold.richness.distances import Floats, Places, nearest, nearest_other
from tenfold.richness.features import Features
from tenfold.richness.ranks import mann_whitney_z, share_z

_ALARM = 3.29
"""Standard scores beyond this come by chance once in two thousand times."""

_THIRD = 1 / 3
_CELL = 10
_LEAST = 5


@dataclass(frozen=True, eq=False)
class Memorisation:
    """What the distances to the training set say; each number stands beside that of held-out data.

    Attributes:
        train, held_out, synthetic: numbers of samples.
        authenticity, authenticity_held_out: share of samples whose nearest training sample has a
            nearer neighbour among the training samples, 0 to 1.
        authenticity_z: standard score of the difference; below zero: more like the training set.
        z: Mann and Whitney's standard score of nearest-training distances, synthetic against
            held-out; far below zero is copying, far above zero is missing the data.
        c_t: the same within each class, averaged by the classes' shares of the held-out set; NaN
            if no class has ten of both.
        copies, copies_held_out: samples nearer than a third of the way to their nearest training
            sample than to the next.
        copies_z: standard score of the difference of these shares.
        distances, twins: (synthetic,) to the nearest training sample, and its place.
        order: (synthetic,) places of the synthetic samples, the likeliest copies first.
    """

    train: int
    held_out: int
    synthetic: int
    authenticity: float
    authenticity_held_out: float
    authenticity_z: float
    z: float
    c_t: float
    copies: int
    copies_held_out: int
    copies_z: float
    distances: Floats
    twins: Places
    order: Places

    @property
    def found(self) -> tuple[str, ...]:
        """What sounds the alarm; nothing if the synthetic samples are as far as held-out ones."""
        alarms = {
            f"C_T: they lie nearer to the training set than held-out data do (z {self.z:.1f}"
            + ("" if math.isnan(self.c_t) else f", within classes {self.c_t:.1f}")
            + ")": min(self.z, 0.0 if math.isnan(self.c_t) else self.c_t) < -_ALARM,
            f"authenticity: {self.authenticity:.1%} are authentic, of held-out data "
            f"{self.authenticity_held_out:.1%}": self.authenticity_z < -_ALARM,
            f"copies: {self.copies:,} of {self.synthetic:,} are copies of one training sample, of "
            f"held-out data {self.copies_held_out:,} of {self.held_out:,}": self.copies_z > _ALARM,
        }
        return tuple(said for said, rings in alarms.items() if rings)

    def plain(self) -> dict[str, Any]:
        """In plain types, for JSON."""
        return {
            "train": self.train,
            "held_out": self.held_out,
            "synthetic": self.synthetic,
            "authenticity": self.authenticity,
            "authenticity_held_out": self.authenticity_held_out,
            "authenticity_z": self.authenticity_z,
            "mann_whitney_z": self.z,
            "c_t": None if math.isnan(self.c_t) else self.c_t,
            "copies": self.copies,
            "copies_held_out": self.copies_held_out,
            "copies_z": self.copies_z,
            "memorised": bool(self.found),
            "found": list(self.found),
        }

    def text(self) -> str:
        """A summary for the terminal."""
        within = "-" if math.isnan(self.c_t) else f"{self.c_t:.1f}"
        lines = [
            f"{self.synthetic:,} synthetic, {self.train:,} training and {self.held_out:,} "
            "held-out samples", "",
            f"  {'':<22}{'synthetic':>10}{'held-out':>10}",
            f"  {'authenticity':<22}{self.authenticity:>10.1%}{self.authenticity_held_out:>10.1%}"
            "  share farther from its training sample than that is from its own neighbour",
            f"  {'copies':<22}{self.copies / self.synthetic:>10.1%}"
            f"{self.copies_held_out / self.held_out:>10.1%}"
            "  share three times nearer to one training sample than to the next",
            f"  {'z':<22}{self.z:>10.1f}{'0':>10}"
            "  nearest-training distances against held-out ones; far below 0: copying",
            f"  {'C_T, within classes':<22}{within:>10}{'0':>10}"
            "  the same class by class, averaged", "",
        ]  # fmt: skip
        if self.found:
            lines.append("Memorised: look at the pictures.")
            lines += [f"  ! {said}" for said in self.found]
        else:
            lines.append("As far from the training set as new data: no memorisation to be seen.")
            if self.copies / self.synthetic > self.copies_held_out / self.held_out:
                lines.append(
                    f"  ! but {self.copies:,} look like copies: too few to tell from chance; look "
                    "at the pictures"
                )
            if self.z > _ALARM:
                lines.append(
                    f"  ! but they lie farther from it than held-out data do (z {self.z:.1f}): "
                    "noise, blur or foreign matter; see `tenfold richness`"
                )
        return "\n".join(lines)


def memorisation(
    train: Examples, held_out: Examples, synthetic: Examples, features: Features
) -> Memorisation:
    """Hold synthetic samples against those that their generator has seen, and those it hasn't.

    - Authenticity (Alaa et al., arXiv 2102.08921, section 4.3): a sample y with nearest training
      sample x is authentic if x has another training sample nearer than y.
    - C_T (Meehan, Chaudhuri & Dasgupta, arXiv 2004.05675, section 3): Mann-Whitney on distances to
      the nearest training sample. Their cells of space are the classes here.
    - Copies: the nearest training sample is less than a third as far as the second nearest (the
      criterion of Gu et al., arXiv 2310.02664).

    Each of them is blind somewhere (a few copies don't move C_T; twins in the training set hide
    from the third), so look at all of them, and at the pictures.

    Args:
        train: what the generator was fitted on.
        held_out: from the same source, never seen by it.
        synthetic: what it made.
        features: see `features_of`, of the training set.

    Raises:
        RequestError: fewer than five samples of one of them, sets that don't fit each other, or
            held-out samples that are training samples.
    """
    for name, part in (("training", train), ("held-out", held_out), ("synthetic", synthetic)):
        if len(part.values) < _LEAST:
            raise RequestError(
                f"{len(part.values)} {name} samples are too few; at least {_LEAST} are needed"
            )
    seen, unseen, made = features(train), features(held_out), features(synthetic)
    held_far, _ = nearest(unseen, seen, 2)
    if (held_far[:, 0] == 0).any():
        place = int((held_far[:, 0] == 0).argmax())
        raise RequestError(
            f"{int((held_far[:, 0] == 0).sum())} held-out samples are training samples "
            f"({held_out.ids[place]}, for one): held-out data must be new; see "
            "`tenfold check-leakage`"
        )
    far, twin = nearest(made, seen, 2)
    own = nearest_other(seen)[0][:, 0]
    authentic = far[:, 0] > own[twin[:, 0]]
    _, held_twin = nearest(unseen, seen)
    held_authentic = held_far[:, 0] > own[held_twin[:, 0]]
    copies, held_copies = _is_copy(far), _is_copy(held_far)
    counts = len(made), len(unseen)
    return Memorisation(
        len(seen), len(unseen), len(made),
        float(authentic.mean()), float(held_authentic.mean()),
        share_z(int(authentic.sum()), counts[0], int(held_authentic.sum()), counts[1]),
        mann_whitney_z(far[:, 0], held_far[:, 0]),
        _within_classes(far[:, 0], synthetic.labels, held_far[:, 0], held_out.labels),
        int(copies.sum()), int(held_copies.sum()),
        share_z(int(copies.sum()), counts[0], int(held_copies.sum()), counts[1]),
        far[:, 0], twin[:, 0], np.lexsort((far[:, 0], _ratio(far))),
    )  # fmt: skip


def _ratio(far: Floats) -> Floats:
    """How far the nearest is, of the second nearest; zero where both are the sample itself."""
    return far[:, 0] / np.where(far[:, 1] > 0, far[:, 1], 1)


def _is_copy(far: Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray(_ratio(far) < _THIRD)


def _within_classes(far: Floats, labels: Places, held_far: Floats, held: Places) -> float:
    total = weight = 0.0
    for number in np.unique(held):
        a, b = far[labels == number], held_far[held == number]
        if min(len(a), len(b)) >= _CELL:
            total += len(b) * mann_whitney_z(a, b)
            weight += len(b)
    return total / weight if weight else math.nan
