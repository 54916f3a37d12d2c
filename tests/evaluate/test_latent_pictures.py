"""Pictures of a latent space, of a generator simple enough to know every pixel of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from learned.linear import Linear
from tenfold.cli.main import run
from tenfold.errors import RequestError
from tenfold.evaluate import latent_pictures as pictures
from tenfold.evaluate.palette import class_colour
from tenfold.evaluate.scatter import SIDE, scatter, ticks
from tenfold.evaluate.tiles import GAP, Tiles, table
from tenfold.learned.examples import Examples

Array = NDArray[Any]


def examples(shape: tuple[int, ...] = (4, 4, 1), classes: int = 3, each: int = 8) -> Examples:
    generator = np.random.default_rng(0)
    labels = np.arange(classes * each) % classes
    values = generator.random((classes * each, *shape)) * 0.5
    values.reshape(len(values), -1)[:, 0] += labels / classes / 2
    return Examples(values, labels, tuple("abcdefghijklmnopqrstuvwxyz"[:classes]))


def test_a_plane_of_two_dimensions_is_all_of_it() -> None:
    latents = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    plane = pictures.plane_of(latents)
    assert np.array_equal(plane.project(latents), latents)
    assert np.array_equal(plane.lift(latents), latents)
    with pytest.raises(RequestError, match="1 dimension can't be shown"):
        pictures.plane_of(latents[:, :1])


def test_a_plane_of_more_is_the_principal_one_and_says_so() -> None:
    generator = np.random.default_rng(0)
    latents = generator.normal(size=(200, 6)) * [1, 5, 0.5, 0.3, 3, 0.1] + 7
    plane = pictures.plane_of(latents)
    values, vectors = np.linalg.eigh(np.cov(latents.T))
    assert np.allclose(np.abs(plane.axes @ vectors[:, [5, 4]]), np.eye(2), atol=1e-6)
    share = 100 * values[::-1] / values.sum()
    assert plane.names[0] == f"first principal direction ({share[0]:.0f} %)"
    assert f"{share[:2].sum():.0f} % of its variance" in plane.told
    assert "PCA" in plane.told
    points = generator.normal(size=(5, 2))
    np.testing.assert_allclose(plane.project(plane.lift(points)), points, atol=1e-5)


def test_points_lie_where_their_numbers_say_in_the_colours_of_their_classes() -> None:
    points = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 4.0], [2.5, 3.0]] * 2)
    labels = np.array([0, 0, 1, 2] * 2)
    sheet = scatter(points, labels, ("a", "b", "c"), ("x", "y"))
    left = 130
    room = 0.04 / 1.08
    for (x, y), label in zip(points[[1, 3]], labels[[1, 3]], strict=True):
        column = left + SIDE * (room + x / 10 / 1.08)
        row = SIDE * (1 - room - y / 4 / 1.08)
        near = sheet[round(row) - 30 : round(row) + 30, round(column) - 30 : round(column) + 30]
        assert (near == class_colour("abc"[label], ("a", "b", "c"))).all(axis=2).any()
    assert (sheet[:, left + SIDE + 20 :] == class_colour("b", ("a", "b", "c"))).all(axis=2).any()


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(0, 6, [0, 1, 2, 3, 4, 5, 6]), (-0.31, 0.25, [-0.3, -0.2, -0.1, 0, 0.1, 0.2])],
)
def test_ticks_are_round_numbers(low: float, high: float, wanted: list[float]) -> None:
    assert np.allclose(ticks(low, high), wanted)


def test_a_table_shows_each_value_in_its_place() -> None:
    values = np.linspace(0, 1, 12, dtype=np.float32).reshape(2, 6, 1, 1, 1) * np.ones(
        (4, 4, 1), np.float32
    )
    tiles = Tiles((4, 4, 1), 40)
    sheet = table(tiles, [("one", "", values[0]), ("two", "below", values[1])], [""] * 6, [1])
    left = sheet.shape[1] - 6 * (40 + GAP) + GAP
    for row, top in ((0, 0), (1, 40 + GAP + 40)):
        for column in range(6):
            x = left + column * (40 + GAP)
            tile = sheet[top : top + 40, x : x + 40]
            assert (
                np.abs(tile.astype(int) - round(255 * float(values[row, column, 0, 0, 0]))).max()
                <= 1
            )


@pytest.mark.parametrize("shape", [(12, 6, 3), (30, 50, 1), (200, 100, 1), (9,)])
def test_tiles_of_any_shape(shape: tuple[int, ...]) -> None:
    tiles = Tiles(shape, 60)
    drawn = tiles.draw(np.random.default_rng(0).random(shape).astype(np.float32))
    assert max(drawn.shape[:2]) == 60
    if len(shape) == 3:
        assert drawn.shape[0] / drawn.shape[1] == pytest.approx(shape[0] / shape[1], rel=0.05)
    assert drawn.std() > 10


def test_a_manifold_rises_to_the_right_and_upward() -> None:
    """Latent 0 is the first pixel, latent 1 the second; every picture is 1 x 2 pixels."""
    generator = np.random.default_rng(0)
    flat = Examples(generator.random((40, 1, 2, 1)), np.arange(40) % 2, ("a", "b"))
    panel = pictures._panel(
        Linear(flat, 2), pictures.plane_of(flat.values.reshape(40, 2)),
        flat.values.reshape(40, 2).astype(float), 0, 5, 20, flat,
    )[..., 0].astype(int)  # fmt: skip
    tiles = panel.reshape(5, panel.shape[0] // 5, 5, 20)
    first, second = tiles[:, 4, :, 1], tiles[:, 4, :, 18]
    assert (np.diff(first, axis=1) > 5).all()
    assert (np.diff(second, axis=0) < -5).all()
    low, high = np.percentile(flat.values[:, 0, 0, 0], (2, 98))
    assert first[0, 0] == pytest.approx(255 * low, abs=15)
    assert first[0, -1] == pytest.approx(255 * high, abs=15)


@pytest.mark.parametrize("shape", [(4, 4, 1), (6, 5, 3), (7,)])
@pytest.mark.parametrize("latent", [2, 5])
@pytest.mark.parametrize("conditional", [False, True])
def test_all_four_are_written(
    tmp_path: Path, shape: tuple[int, ...], latent: int, conditional: bool
) -> None:
    own = examples(shape)
    model = Linear(own, latent, conditional)
    first = pictures.write_pictures(model, own, tmp_path / "a", 4, 1, "things")
    again = pictures.write_pictures(model, own, tmp_path / "b", 4, 1, "things")
    assert [path.name for path in first] == [
        "space.png",
        "manifold.png",
        "alterations.png",
        "paths.png",
    ]
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert cv2.imread(str(one)) is not None


def test_samples_and_paths_are_of_different_classes() -> None:
    own = examples(classes=4, each=3)
    chosen = pictures._chosen(own, 6, 0)
    assert sorted(own.labels[chosen].tolist()) == own.labels[chosen].tolist()
    assert set(own.labels[chosen].tolist()) == {0, 1, 2, 3}
    assert len(set(chosen)) == 6
    within, between = pictures._pairs(own, 6, 0)
    assert all(own.labels[a] == own.labels[b] and a != b for a, b in within)
    assert all(own.labels[a] != own.labels[b] for a, b in between)
    assert (len(within), len(between)) == (3, 3)
    assert len(pictures._chosen(own, 40, 0)) == 12  # there are no more


def test_one_class_and_one_sample_a_class() -> None:
    alone = examples(classes=1, each=5)
    pictures.paths_picture(Linear(alone, 2), alone)
    single = examples(classes=5, each=1)
    pictures.paths_picture(Linear(single, 2), single)
    with pytest.raises(RequestError, match="at least 2"):
        pictures.alterations_picture(Linear(single, 2), single)


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = examples((8, 8, 1))
    for row, (value, label) in enumerate(zip(own.values, own.labels, strict=True)):
        for split in ("train", "test"):
            path = tmp_path / "data" / split / own.classes[label] / f"{row}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.rint(value * 255).astype(np.uint8))
    monkeypatch.setattr("tenfold.learned.store.load", lambda folder: Linear(own, 2))
    words = ["latent", "plot", str(tmp_path / "model"), str(tmp_path / "data")]
    assert run([*words, "-o", str(tmp_path / "pictures"), "--samples", "3"]) == 0
    said = capsys.readouterr().out.split()
    assert [Path(line).name for line in said] == [
        "space.png",
        "manifold.png",
        "alterations.png",
        "paths.png",
    ]
    assert all(Path(line).exists() for line in said)
    assert run([*words, "-o", str(tmp_path / "data/pictures")]) == 2
    assert "would lie in the dataset" in capsys.readouterr().err
    monkeypatch.setattr("tenfold.learned.store.load", lambda folder: Linear(examples((7,)), 2))
    assert run([*words, "-o", str(tmp_path / "more")]) == 2
    assert "fitted on vectors" in capsys.readouterr().err
    assert not (tmp_path / "more").exists()
