"""Tissues, beams, noise and declared artefacts against theory; what can't be scanned is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tenfold.errors import MissingExtraError, RequestError
from tenfold.synth.tomography import (
    TISSUES,
    Detector,
    Geometry,
    Scanner,
    Tissue,
    attenuation,
    evenly,
    exact_projections,
    fbp,
    project,
    read_volume,
    sart,
    scan,
    scan_slices,
    scan_volume,
    shepp_logan,
    tube,
    volumes,
)
from tenfold.synth.tomography.detector import poisson
from tenfold.synth.tomography.tissues import mass_attenuation

SIZE = 96
ROW, COLUMN = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
RADIUS = np.hypot(ROW, COLUMN)
DISC = (RADIUS < 40).astype(np.uint8)  # 160 mm of water at 2 mm a pixel
WATER = {1: "water"}
QUICK = Scanner(views=180, filter="hann")


def test_attenuation_is_the_tables() -> None:
    """NIST's values at their energies; the mean slope between them."""
    assert mass_attenuation("water", 60) == 0.2059
    assert TISSUES["bone"].attenuation(60) == pytest.approx(0.3148 * 1.92)
    assert 0.2059 > mass_attenuation("water", 70) > 0.1837
    # Iodine absorbs more above its K edge.
    assert mass_attenuation("iodine", 33.2) > 5 * mass_attenuation("iodine", 33.1)
    found = attenuation(np.array([[0, 1], [2, 3]]), {1: "water", 2: "bone", 3: 0.7}, 60)
    assert found.ravel() == pytest.approx([0.1875 * 0.001205, 0.2059, 0.3148 * 1.92, 0.7], rel=1e-5)


def test_tissues_have_their_hounsfield_units() -> None:
    labels = DISC.copy()
    for number, (x, y) in enumerate(((-20, 0), (20, 0), (0, 20), (0, -20)), start=2):
        labels[np.hypot(COLUMN - x, ROW - y) < 8] = number
    names = {1: "water", 2: "fat", 3: "soft tissue", 4: "bone", 5: "contrast"}
    image = scan(labels, names, 2.0, QUICK).image
    for number, name in names.items():
        at = (RADIUS < 8) if number == 1 else labels == number
        if number > 1:  # without its edge
            at &= np.roll(at, 3, 0) & np.roll(at, -3, 0) & np.roll(at, 3, 1) & np.roll(at, -3, 1)
        expected = 1000 * (TISSUES[name].attenuation(70) / TISSUES["water"].attenuation(70) - 1)
        assert image[at].mean() == pytest.approx(expected, abs=12 + 0.01 * abs(expected)), name
    assert image[RADIUS > 43].mean() == pytest.approx(-1000, abs=6)
    # What everybody knows of them.
    known = {
        "fat": (-125, -75),
        "soft tissue": (30, 80),
        "lung": (-760, -720),
        "bone": (1500, 2300),
    }
    for name, (low, high) in known.items():
        share = TISSUES[name].attenuation(70) / TISSUES["water"].attenuation(70)
        assert low < 1000 * (share - 1) < high, name


def test_photons_follow_poisson() -> None:
    light = np.tile(np.array([1.0, 0.1, 0.01, 0.001, 1e-5], np.float32), (40_000, 1))
    for photons in (1000.0, 300_000.0):
        counts = poisson(light, photons, 3).astype(float)
        means = photons * light[0].astype(float)
        assert (counts == np.rint(counts)).all()
        error = 4 * np.sqrt(means / len(light))
        assert (np.abs(counts.mean(0) - means) < error + 1e-4 * means).all()
        assert counts.var(0) == pytest.approx(means, rel=0.03, abs=3 * math.sqrt(means.min() / 2e4))
    # A mean of 1: the chances of 0, 1 and 2.
    shares = [(poisson(light, 1000.0, 3)[:, 3] == k).mean() for k in range(3)]
    assert shares == pytest.approx([math.exp(-1), math.exp(-1), math.exp(-1) / 2], abs=0.01)


def test_noise_of_lines_is_that_of_theory() -> None:
    """Variance of -ln(N / N0) is 1 / N + electronic^2 / N^2 (first order); the offset shifts it."""
    light = np.full((300, 200), math.exp(-2.0), np.float32)
    counted = 50_000 * math.exp(-2.0)
    plain = Detector(50_000).read(light, 5)
    assert plain.mean() == pytest.approx(2.0, abs=5e-4)
    assert plain.var() == pytest.approx(1 / counted, rel=0.03)
    noisy = Detector(50_000, electronic=100).read(light, 5)
    assert noisy.var() == pytest.approx(1 / counted + 100**2 / counted**2, rel=0.03)
    high = Detector(50_000, offset=500).read(light, 5)
    assert high.mean() == pytest.approx(-math.log(math.exp(-2.0) + 0.01), abs=5e-4)
    assert np.array_equal(plain, Detector(50_000).read(light, 5))
    assert not np.array_equal(plain, Detector(50_000).read(light, 6))
    assert not np.array_equal(plain, Detector(50_000).read(light, 5, number=1))
    assert np.isfinite(Detector(1).read(np.zeros((4, 4), np.float32), 0)).all()


def test_a_quarter_of_the_dose_doubles_the_noise() -> None:
    def noise(photons: float) -> float:
        made = scan(DISC, WATER, 2.0, replace(QUICK, detector=Detector(photons)), seed=1)
        return float((made.image - scan(DISC, WATER, 2.0, QUICK).image)[RADIUS < 25].std())

    high, low = noise(200_000), noise(50_000)
    assert low / high == pytest.approx(2, rel=0.1)


def test_rings_are_there_when_declared() -> None:
    """What remains depends on the radius alone, but for the side of the detector."""
    clean = scan(DISC, WATER, 2.0, QUICK).image
    scanner = replace(QUICK, views=360, span=360.0, detector=Detector(rings=0.02))
    made = scan(DISC, WATER, 2.0, scanner, seed=4)
    assert made.told["artefacts"] == ["rings"]
    rest = made.image - clean
    bins = RADIUS[RADIUS < 38].astype(int)
    values = rest[RADIUS < 38]
    means = np.bincount(bins, values) / np.bincount(bins)
    explained = np.var(means[bins]) / np.var(values)
    noisy = scan(DISC, WATER, 2.0, replace(QUICK, detector=Detector(3000)), seed=4).image - clean
    means = np.bincount(bins, noisy[RADIUS < 38]) / np.bincount(bins)
    assert explained > 5 * np.var(means[bins]) / np.var(noisy[RADIUS < 38])
    assert explained > 0.4
    other = list(scan_slices(np.stack([DISC, DISC]), WATER, 2.0, scanner, seed=4))
    assert np.array_equal(other[0].sinogram, other[1].sinogram)  # the same elements


def test_a_spectrum_hardens() -> None:
    """Water cups, more bone is worth less and less, and dark lies between two bones."""
    hard = replace(QUICK, kvp=100.0)
    image = scan(DISC, WATER, 2.0, hard).image
    edge = image[(RADIUS > 33) & (RADIUS < 36)].mean()
    assert edge - image[RADIUS < 8].mean() > 15
    flat = scan(DISC, WATER, 2.0, QUICK).image
    assert abs(flat[(RADIUS > 33) & (RADIUS < 36)].mean() - flat[RADIUS < 8].mean()) < 3
    labels = DISC.copy()
    for x in (-22, 22):
        labels[np.hypot(COLUMN - x, ROW) < 8] = 2
    both = scan(labels, {1: "water", 2: "bone"}, 2.0, hard).image
    between, beside = (
        (np.abs(ROW) < 4) & (np.abs(COLUMN) < 6),
        (np.abs(ROW - 24) < 4) & (np.abs(COLUMN) < 6),
    )
    assert both[between].mean() < both[beside].mean() - 40
    beam = tube(100.0)
    assert sum(beam.weights) == pytest.approx(1)
    assert beam.effective("water", 1) > beam.effective("water", 20) > beam.effective("water", 40)
    # A label given by its number has the same attenuation at all energies.
    same = scan(DISC, {1: beam.water()}, 2.0, hard).image
    assert same[RADIUS < 35].std() < 8


def test_a_volume_is_its_slices(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, (3, 20, 26)).astype(np.int16)
    tissues: dict[int, Tissue | str | float] = {
        1: "water",
        2: Tissue("mine", {"soft": 1.0, "iodine": 0.002}),
    }
    scanner = replace(QUICK, detector=Detector(10_000), source_mm=100.0)
    found = scan_volume(labels, tissues, 2.0, scanner, seed=7)
    assert found.shape == labels.shape
    assert np.array_equal(found[2], scan(labels[2], tissues, 2.0, scanner, seed=7, number=2).image)
    np.save(tmp_path / "mine.npy", labels)
    assert np.array_equal(found, scan_volume(tmp_path / "mine.npy", tissues, 2.0, scanner, seed=7))


def test_nifti_is_looked_at_from_the_feet(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel", reason="NIfTI is read by nibabel")
    labels = np.zeros((8, 10, 3), np.int16)  # RAS+: to the patient's right... to head
    labels[6, 1, 2] = 5
    nibabel.save(nibabel.Nifti1Image(labels, np.diag([0.8, 0.8, 3.0, 1.0])), tmp_path / "a.nii.gz")
    volume = read_volume(tmp_path / "a.nii.gz")
    assert volume.pixel_mm == pytest.approx(0.8)
    assert volume.slice_mm == pytest.approx(3.0)
    # x = 6 of 8 is to the patient's right: at the left; y = 1 of 10 at the back: at the bottom.
    assert volume.labels.shape == (3, 10, 8)
    assert volume.labels[2, 8, 1] == 5
    nibabel.save(nibabel.Nifti1Image(labels, np.diag([0.8, 0.9, 3.0, 1.0])), tmp_path / "b.nii")
    with pytest.raises(RequestError, match="square"):
        read_volume(tmp_path / "b.nii")
    (tmp_path / "c.nii").write_bytes(b"no")
    with pytest.raises(RequestError, match="readable NIfTI"):
        read_volume(tmp_path / "c.nii")


def test_nifti_without_nibabel_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "nibabel", None)
    (tmp_path / "a.nii").write_bytes(b"")
    with pytest.raises(MissingExtraError, match=r"tenfold\[nifti\]"):
        read_volume(tmp_path / "a.nii")


def test_what_does_not_fit_in_memory_is_refused_with_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is allocated."""
    huge = np.broadcast_to(np.uint8(0), (50_000, 4096, 4096))
    with pytest.raises(RequestError, match=r"3355\.4 GB"):
        scan_volume(huge, {}, 1.0)
    with pytest.raises(RequestError, match=r"GB of memory"):
        scan(np.broadcast_to(np.uint8(0), (10**6, 10**6)), {}, 1.0)
    for method in (fbp, sart):
        with pytest.raises(RequestError, match=r"GB of memory"):
            method(np.zeros((8, 12)), GEOMETRY, (10**7, 10**7))
    monkeypatch.setattr(volumes, "free_memory", lambda: 10**6)
    np.save(tmp_path / "mine.npy", np.zeros((30, 200, 200), np.uint8))
    with pytest.raises(RequestError, match="take fewer slices"):
        scan_volume(tmp_path / "mine.npy", {}, 1.0)


GEOMETRY = Geometry(evenly(8), 12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Geometry((), 5), "zero angles"),
        (lambda: Geometry((0.0, math.nan), 5), "finite"),
        (lambda: Geometry((0.0,), 0), "one detector element"),
        (lambda: Geometry((0.0,), 5, pitch_mm=0), "pitch_mm"),
        (lambda: Geometry((0.0,), 5, source_mm=-3), "source_mm"),
        (lambda: evenly(0), "one view"),
        (lambda: Scanner(views=0), "one view"),
        (lambda: Scanner(span=400), "at most 360"),
        (lambda: Scanner(filter="han"), "did you mean 'hann'"),
        (lambda: Scanner(method="fpb"), "did you mean 'fbp'"),
        (lambda: Scanner(kev=500), "20 to 200 keV"),
        (lambda: Scanner(kvp=20), "40 to 200 kV"),
        (lambda: Detector(photons=0), "photons"),
        (lambda: Detector(electronic=3), "how many there are"),
        (lambda: Detector(1e5, offset=-1), "offset"),
        (lambda: Detector(rings=2), "rings"),
        (lambda: shepp_logan(contrast="tofd"), "did you mean 'toft'"),
        (lambda: project(np.zeros((0, 4)), GEOMETRY), "empty"),
        (lambda: project(np.full((4, 4), np.nan), GEOMETRY), "NaN"),
        (lambda: fbp(np.zeros((8, 11)), GEOMETRY, (9, 9)), "8 views of 11 elements"),
        (lambda: fbp(np.zeros((8, 12)), GEOMETRY, (9, 9), filter="hanning"), "did you mean 'hann'"),
        (lambda: fbp(np.full((8, 12), np.inf), GEOMETRY, (9, 9)), "infinite"),
        (lambda: fbp(np.zeros((8, 12)), GEOMETRY, (0, 9)), "has pixels"),
        (lambda: fbp(np.zeros((8, 12)), replace(GEOMETRY, source_mm=5.0), (9, 9)), "move it out"),
        (lambda: sart(np.zeros((8, 12)), GEOMETRY, (9, 9), iterations=0), "iterations"),
        (lambda: sart(np.zeros((8, 12)), GEOMETRY, (9, 9), relaxation=2), "relaxation"),
        (lambda: scan(np.zeros((0, 3), int), {}, 1.0), "empty"),
        (lambda: scan_volume(np.zeros((2, 0, 3), int), {}, 1.0), "empty"),
        (lambda: scan(DISC, {}, 1.0), "label 1 has no attenuation"),
        (lambda: scan(DISC, {1: "watr"}, 1.0), "did you mean 'water'"),
        (lambda: scan(DISC, {1: -0.2}, 1.0), "0 or more 1/cm"),
        (lambda: scan(np.full((3, 3), 0.5), {}, 1.0), "whole numbers"),
        (lambda: scan(np.full((3, 3), np.nan), {}, 1.0), "NaN"),
        (lambda: scan(DISC, WATER, 0.0), "pixel_mm"),
        (lambda: scan(DISC, WATER, 1.0, fine=5), "finer"),
        (lambda: scan(DISC, WATER, 1.0, Scanner(source_mm=20.0)), "move it out"),
        (lambda: scan_volume(np.zeros((2, 3, 3), int), {}), "give pixel_mm"),
        (lambda: scan_volume(np.stack([DISC * 0, DISC]), {}, 1.0), "label 1 has no attenuation"),
        (lambda: Tissue("x", {"watr": 1.0}), "did you mean 'water'"),
        (lambda: read_volume("nothing.npy"), "no such file"),
        (lambda: read_volume(__file__), ".npy, .nii"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused(call: object, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        call()  # type: ignore[operator]


def test_nothing_at_all_can_be_scanned() -> None:
    """Air alone; a single pixel; a single ray."""
    assert scan(np.zeros((5, 7), int), {}, 1.0, QUICK).image == pytest.approx(-1000, abs=1)
    assert scan(np.ones((1, 1), int), WATER, 1.0, QUICK).image.shape == (1, 1)
    one = Geometry((0.0,), 1)
    assert fbp(exact_projections(shepp_logan(9), one), one, (9, 9)).shape == (9, 9)
