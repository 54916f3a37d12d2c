"""Points of a jittered lattice are the same from wherever they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.synth.tissue.lattice import near_plane
from tenfold.synth.tissue.plane import Plane


@pytest.mark.parametrize("normal", [(0, 0, 1), (1, 2, -3), (-1, 0.01, 0)])
@pytest.mark.parametrize("centred", [False, True])
def test_a_thin_slab_has_all_the_points_of_a_thick_one(
    normal: tuple[float, float, float], centred: bool
) -> None:
    plane = Plane((31, -250, 7), normal, 12.0, 1.0, 150, 220)
    thick = near_plane(
        plane, 11.0, 99, below=-60, above=60, margin=40, jitter=0.45, numbers=2, centred=centred
    )
    thin = near_plane(plane, 11.0, 99, below=-4, above=6, jitter=0.45, numbers=2, centred=centred)
    inside = (thick.at[:, 2] >= -4) & (thick.at[:, 2] <= 6)
    inside &= (np.abs(thick.at[:, 0]) <= 110) & (np.abs(thick.at[:, 1]) <= 75)
    assert sorted(thick.keys[inside].tolist()) == sorted(thin.keys.tolist())
    assert len(set(thick.keys.tolist())) == len(thick.keys)
    # As many as there is room for.
    volume = 11.0**3 / (2 if centred else 1)
    assert len(thin.keys) == pytest.approx(220 * 150 * 10 / volume, rel=0.15)


def test_another_plane_finds_the_same_points() -> None:
    one = Plane((5, 6, 7), (0.3, 1, -0.5), 0.0, 1.0, 100, 100)
    two = Plane((5, 6, 7), (1, 0.2, 0.4), 70.0, 1.0, 100, 100)
    found = [near_plane(p, 9.0, 5, below=-50, above=50, numbers=1) for p in (one, two)]
    places = [
        dict(zip(f.keys.tolist(), p.outward(f.at).tolist(), strict=True))
        for f, p in zip(found, (one, two), strict=True)
    ]
    common = places[0].keys() & places[1].keys()
    assert len(common) > 200
    for key in common:
        np.testing.assert_allclose(places[0][key], places[1][key], atol=1e-9)
    other = near_plane(one, 9.0, 6, below=-50, above=50, numbers=1)
    assert not np.isclose(other.uniforms[:5], found[0].uniforms[:5]).any()
