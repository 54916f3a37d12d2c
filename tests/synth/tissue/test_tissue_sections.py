"""Sections against analytic geometry, and the same organ from whichever side it is cut."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.synth.tissue import organ as kinds
from tenfold.synth.tissue.organ import Filling, Organ
from tenfold.synth.tissue.painting import concentrations
from tenfold.synth.tissue.pancreas import borders, labels_of
from tenfold.synth.tissue.plane import Plane
from tenfold.synth.tissue.section import Cutter, Section, cut, stack
from tenfold.synth.tissue.steering import islets, steered, vessels
from tenfold.synth.tissue.tubes import Tubes

LOW, HIGH = np.full(3, -300.0), np.full(3, 300.0)
BARE = Filling(acinus=0.0, fat=0.0, septum_um=0.0)


def organ(**changes: object) -> Organ:
    return Organ(LOW, HIGH, base=77).replace(**changes)


def whole() -> Organ:
    tubes = Tubes(
        np.array([[-250.0, -20, 0], [0.0, -20, 10]]), np.array([[0.0, -20, 10], [200.0, 90, -30]]),
        np.array([40.0, 30]), np.array([30.0, 20]),
    )  # fmt: skip
    made = organ(ducts=tubes, filling=Filling(lobule_um=250))
    made = made.replace(
        islets=islets(made, 0.04, (40, 70)), vessels=vessels(made, 0.02, (8.0, 25.0))
    )
    return steered(made)


@pytest.fixture(scope="module")
def section() -> Section:
    return cut(whole(), Plane((5, 3, -4), (0.3, -0.2, 1), 20.0, 1.2, 256, 300))


@pytest.mark.parametrize("height", [0.0, 20.0, 39.0, 45.0])
def test_a_ball_is_cut_in_a_disc(height: float) -> None:
    normal = np.array([0.4, -0.7, 0.5])
    centre = height * normal / np.sqrt((normal**2).sum())
    balls = Tubes.balls(np.array([[10.0, -5, 20]]) + centre, np.array([40.0]))
    plane = Plane((10, -5, 20), (0.4, -0.7, 0.5), 33.0, 0.5, 240, 260)
    found = cut(organ(islets=balls, filling=BARE, acinus_limit=-1.0), plane)
    area = np.count_nonzero(found.regions.kind == kinds.ISLET) * 0.25
    truth = np.pi * max(1600 - height**2, 0)
    assert area == pytest.approx(truth, abs=2 * np.pi * 40 * 0.5 * 0.3)
    if truth == 0:
        assert area == 0


@pytest.mark.parametrize("degrees", [0.0, 30.0, 60.0])
def test_a_tube_is_cut_in_an_ellipse_with_its_bore(degrees: float) -> None:
    along = np.array([0.0, np.sin(np.radians(degrees)), np.cos(np.radians(degrees))]) * 280
    tubes = Tubes(-along[None], along[None], np.array([24.0]), np.array([24.0]))
    made = organ(ducts=tubes, filling=BARE, acinus_limit=-1.0)
    found = cut(made, Plane(um_per_pixel=0.5, height=300, width=300))
    kind = found.regions.kind
    for which, radius in (((kinds.DUCT, kinds.DUCT_LUMEN), 24.0), ((kinds.DUCT_LUMEN,), 12.0)):
        area = np.isin(kind, which).sum() * 0.25
        assert area == pytest.approx(np.pi * radius**2 / np.cos(np.radians(degrees)), rel=0.01)
    # One ring of wall round one lumen, and beyond it nothing of the kind.
    wall = (kind == kinds.DUCT).astype(np.uint8)
    assert cv2.connectedComponents(wall, connectivity=4)[0] == 2
    assert cv2.connectedComponents(1 - wall, connectivity=4)[0] == 3


def test_a_taper_is_a_cone() -> None:
    tubes = Tubes(np.array([[0.0, 0, -200]]), np.array([[0.0, 0, 200]]),
                  np.array([50.0]), np.array([10.0]))  # fmt: skip
    made = organ(ducts=tubes, filling=BARE, acinus_limit=-1.0)
    for height, radius in ((-100, 40.0), (0, 30.0), (100, 20.0)):
        found = cut(made, Plane((0, 0, height), um_per_pixel=0.5, height=240, width=240))
        area = np.isin(found.regions.kind, (kinds.DUCT, kinds.DUCT_LUMEN)).sum() * 0.25
        assert area == pytest.approx(np.pi * radius**2, rel=0.01)


def test_two_planes_agree_where_they_cross() -> None:
    """Along the x axis, which lies in both."""
    made = whole()
    one = cut(made, Plane((0, 0, 0), (0, 0, 1), 0.0, 1.0, 3, 401))
    two = cut(made, Plane((0, 0, 0), (0, 1, 0), 0.0, 1.0, 3, 401))
    np.testing.assert_allclose(one.plane.axes()[0], [1, 0, 0])
    np.testing.assert_allclose(two.plane.axes()[0], [1, 0, 0])
    same = one.regions.kind[1] == two.regions.kind[1]
    assert same.mean() > 0.99
    has = (one.cells[1] > 0) & (two.cells[1] > 0) & same
    assert has.sum() > 100
    keys = [s.catalogue.keys[s.cells[1][has] - 1] for s in (one, two)]
    assert (keys[0] == keys[1]).all(axis=1).mean() > 0.98


def test_nuclei_lie_in_their_cells_and_have_their_size(section: Section) -> None:
    masks, _ = labels_of(section)
    nucleus = masks["nucleus"] > 0
    assert nucleus.sum() > 500
    assert (masks["instance"][nucleus] > 0).all()
    acini = section.regions.kind == kinds.ACINUS
    # By Delesse, the share of area is the share of volume; some nuclei's rims are cut off.
    share = (nucleus & acini).sum() / acini.sum()
    assert 0.06 < share < 0.13
    none = cut(whole().replace(filling=Filling(lobule_um=250, nucleus=0.0)), section.plane)
    kind = none.regions.kind
    assert not (none.nucleus[(kind == kinds.ACINUS)] > 0).any()


def test_each_cell_keeps_to_one_kind_of_tissue_and_one_acinus(section: Section) -> None:
    for cell in np.unique(section.cells)[1:]:
        where = section.cells == cell
        assert len(np.unique(section.regions.kind[where])) == 1
        assert section.catalogue.kinds[cell - 1] == section.regions.kind[where][0]
        if section.regions.kind[where][0] == kinds.ACINUS:
            assert len(np.unique(section.regions.unit[where])) == 1


def test_acinar_cells_have_the_size_asked_for() -> None:
    filling = Filling(acinus=0.95, fat=0.0, cell_um=9.0, septum_um=0.0)
    found = cut(steered(organ(filling=filling)), Plane(um_per_pixel=1.0))
    masks, _ = labels_of(found)
    acini = found.regions.kind == kinds.ACINUS
    sizes = np.bincount(masks["instance"][acini])[1:]
    # A body of volume V and mean width w is cut in V / w on average: 0.81 V^(2/3) for a ball,
    # less for anything longer.
    assert 0.55 * 81 < sizes[sizes > 0].mean() < 0.85 * 81


@pytest.mark.parametrize(("acinus", "fat"), [(0.3, 0.05), (0.5, 0.2), (0.65, 0.0), (0.1, 0.5)])
def test_shares_are_as_asked_for(acinus: float, fat: float) -> None:
    made = steered(organ(filling=Filling(acinus=acinus, fat=fat, lobule_um=200), base=5))
    total = dict.fromkeys(kinds.KINDS.values(), 0.0)
    planes = [Plane((0, 0, z), (0, 0.2, 1), 0.0, 3.0, 180, 180) for z in (-150, -50, 50, 150)]
    for plane in planes:
        for name, share in cut(made, plane).fractions().items():
            total[name] += share / len(planes)
    assert total["acinus"] == pytest.approx(acinus, abs=0.08)
    assert total["fat"] == pytest.approx(fat, abs=0.08)


def test_islets_and_vessels_take_their_volume() -> None:
    made = organ()
    balls, tubes = islets(made, 0.1, (40, 60)), vessels(made, 0.03, (10.0, 20.0))
    volume = (4 / 3 * np.pi * balls.first**3).sum() / 600**3
    assert volume == pytest.approx(0.1, abs=0.01)
    inside = made.inside((tubes.starts + tubes.ends) / 2)
    kept = Tubes(tubes.starts[inside], tubes.ends[inside], tubes.first[inside], tubes.last[inside])
    assert kept.volume() / 600**3 == pytest.approx(0.03, rel=0.3)


def test_serial_sections_number_alike_and_are_the_single_ones() -> None:
    made = whole()
    plane = Plane((5, 3, -4), (0.3, -0.2, 1), 20.0, 1.2, 120, 130)
    first, second, third = stack(made, plane, 3, 0.5)
    both = (first.cells > 0) & (second.cells > 0)
    assert (first.cells == second.cells)[both].mean() > 0.9
    assert (first.cells == third.cells)[both].mean() < (first.cells == second.cells)[both].mean()
    alone = cut(made, plane.raised(0.5))
    np.testing.assert_array_equal(alone.regions.kind, second.regions.kind)
    one, _ = labels_of(alone)
    two, _ = labels_of(second)
    keys = [s.catalogue.keys[s.cells[s.cells > 0] - 1] for s in (alone, second)]
    assert (one["instance"] > 0).sum() == (two["instance"] > 0).sum()
    assert (keys[0] == keys[1]).all(axis=1).mean() > 0.999


def test_a_plane_outside_is_an_error_or_an_empty_section() -> None:
    plane = Plane((0, 0, 900), height=40, width=40)
    with pytest.raises(RequestError, match="shows nothing of the organ"):
        cut(organ(), plane)
    found = cut(organ(), plane, outside="empty")
    assert found.empty
    assert not found.cells.any()
    masks, names = labels_of(found)
    assert not names
    assert masks["ignore"].all()
    with pytest.raises(RequestError, match="'error' or 'empty'"):
        cut(organ(), plane, outside="white")


def test_half_outside_is_labelled_so() -> None:
    found = cut(organ(), Plane((300, 0, 0), um_per_pixel=2.0, height=50, width=100))
    outside = found.regions.kind == kinds.OUTSIDE
    assert outside.mean() == pytest.approx(0.5, abs=0.02)
    assert not found.empty


def test_borders_part_cells() -> None:
    cells = np.array([[1, 1, 2], [1, 1, 2], [3, 3, 3]])
    np.testing.assert_array_equal(borders(cells), [[0, 1, 0], [1, 1, 1], [0, 0, 0]])


def test_amounts_of_stain_are_highest_in_nuclei(section: Section) -> None:
    amounts = concentrations(section, 3)
    assert amounts.shape == (256, 300, 2)
    assert amounts.dtype == np.float32
    assert np.isfinite(amounts).all()
    assert (amounts >= 0).all()
    nuclei = section.nucleus > 0.5
    body = (section.nucleus < -2) & (section.cells > 0)
    assert amounts[nuclei, 0].mean() > 2 * amounts[body, 0].mean()
    fat = section.regions.kind == kinds.FAT
    assert amounts[fat].mean() < 0.25 * amounts[section.regions.kind == kinds.ACINUS].mean()
    np.testing.assert_array_equal(amounts, concentrations([section], 3))


def test_bad_poses_are_refused() -> None:
    for bad in ({"normal": (0, 0, 0)}, {"um_per_pixel": 0.0}, {"origin": (np.nan, 0, 0)},
                {"height": 0}):  # fmt: skip
        with pytest.raises(RequestError):
            Plane(**bad)
    with pytest.raises(RequestError, match="lies outside of"):
        Cutter(organ(), Plane(height=40, width=40)).cut(5.0)
    with pytest.raises(RequestError, match="count must be"):
        stack(organ(), Plane(), 0, 1.0)
    for bad_filling in ({"acinus": 0.8, "fat": 0.4}, {"cell_um": 30.0}, {"lumen": 2.0}):
        with pytest.raises(RequestError):
            Filling(**bad_filling)


def test_a_quaternion_turns_the_normal() -> None:
    half = np.sqrt(0.5)
    plane = Plane.of_quaternion((0, 0, 0), (half, half, 0, 0))  # 90 degrees about x
    np.testing.assert_allclose(plane.axes()[2], [0, -1, 0], atol=1e-12)
    points = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(plane.outward(plane.inward(points)), points)
    np.testing.assert_allclose(np.linalg.det(plane.axes()), 1.0)
