"""The training loop: resuming, stopping, and what a checkpoint refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from learned.tiny import bars
from tenfold.errors import ModelError, RequestError
from tenfold.learned.checkpoint import FILE
from tenfold.learned.examples import Array
from tenfold.learned.training import Schedule, Task, rate, train
from tenfold.learned.vae import VaeSettings, fit_vae

pytest.importorskip("torch", reason="torch is the extra 'learn'")
pytest.importorskip("safetensors", reason="safetensors is the extra 'learn'")

SETTINGS = VaeSettings(latent=3, width=2, epochs=6, batch=8, patience=5)


class Killed(BaseException):
    """What ends a run from outside."""


def shifted(places: Array, epoch: int) -> Array:
    return np.asarray(np.roll(bars().values[places], epoch, axis=1))


@pytest.fixture
def each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints after every epoch."""

    def hurried(*arguments: Any) -> Schedule:
        return replace(Schedule(*arguments), saved_every=0.0)

    monkeypatch.setattr("tenfold.learned.vae.fit.Schedule", hurried)


@pytest.mark.usefixtures("each_epoch")
@pytest.mark.parametrize("kill_at", [1, 4])
def test_killed_and_resumed_is_as_if_nothing_had_happened(tmp_path: Path, kill_at: int) -> None:
    whole = fit_vae(bars(), bars(), SETTINGS, views=shifted)

    def kill(said: str, done: int, total: int) -> None:
        if done == kill_at:
            raise Killed

    with pytest.raises(Killed):
        fit_vae(bars(), bars(), SETTINGS, views=shifted, folder=tmp_path, progress=kill)
    assert (tmp_path / FILE).exists()
    told: list[int] = []
    resumed = fit_vae(
        bars(), bars(), SETTINGS, views=shifted, folder=tmp_path,
        progress=lambda said, done, total: told.append(done),
    )  # fmt: skip
    assert told[0] == kill_at + 1
    assert not (tmp_path / FILE).exists()
    expected, found = whole.state()[0], resumed.state()[0]
    assert all(np.array_equal(expected[name], found[name]) for name in expected)
    assert resumed.history["judged"] == whole.history["judged"]


@pytest.mark.usefixtures("each_epoch")
def test_checkpoints_of_other_fits_and_damaged_ones(tmp_path: Path) -> None:
    def kill(said: str, done: int, total: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        fit_vae(bars(), None, SETTINGS, folder=tmp_path, progress=kill)
    with pytest.raises(RequestError, match="other data or with other settings; remove it"):
        fit_vae(bars(), None, replace(SETTINGS, beta=2.0), folder=tmp_path)
    with pytest.raises(RequestError, match="other data or with other settings"):
        fit_vae(bars(26), None, SETTINGS, folder=tmp_path)
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ModelError, match="is damaged"):
        fit_vae(bars(), None, SETTINGS, folder=tmp_path)


def test_the_best_weights_are_kept_and_patience_ends_the_fit() -> None:
    """A weight goes from 0 to 5 and is judged by its distance from 2, which it passes."""
    import torch

    weight = torch.nn.ParameterDict({"w": torch.nn.Parameter(torch.zeros(()))})
    seen: list[float] = []

    def loss(values: Any, labels: Any, noise: Any, share: float) -> Any:
        return (weight["w"] - 5) ** 2

    def judge(values: Any, labels: Any, noise: Any) -> Any:
        seen.append(float(weight["w"]))
        return (weight["w"] - 2).abs().expand(len(labels))

    history = train(
        Task(weight, loss, judge, ""), bars(8), bars(8), Schedule(60, 8, 0.3, 6, saved_every=0)
    )
    best = int(np.argmin(np.abs(np.array(seen) - 2)))
    assert history.stopped == "patience"
    assert history.best == best
    assert len(history.judged) == best + 7 < 60
    assert float(weight["w"].detach()) == seen[best] != seen[-1]


def test_a_time_budget_ends_the_fit() -> None:
    model = fit_vae(bars(), bars(), replace(SETTINGS, epochs=100_000, seconds=0.2))
    assert model.history["stopped"] == "time"
    assert 1 <= len(model.history["losses"]) < 100_000


def test_progress_says_the_losses_and_the_time_left() -> None:
    said: list[tuple[str, int, int]] = []
    fit_vae(bars(), bars(), SETTINGS, progress=lambda *told: said.append(told))
    assert [done for _, done, _ in said] == [1, 2, 3, 4, 5, 6]
    assert all(total == 6 for *_, total in said)
    assert "validation" in said[0][0]
    assert said[-1][0].endswith("0 s left")


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [rate(step / 100, 100) for step in range(100)]
    assert rates[0] > 0
    assert max(rates) == pytest.approx(1, abs=0.01)
    top = int(np.argmax(rates))
    assert 9 <= top <= 11
    assert np.all(np.diff(rates[: top + 1]) > 0)
    assert np.all(np.diff(rates[top:]) < 0)
    assert rates[-1] < 0.001
    assert rate(0, 1) > 0


def test_every_example_is_seen_once_an_epoch() -> None:
    places: list[int] = []

    def views(asked: Array, epoch: int) -> Array:
        places.extend(asked.tolist())
        return np.asarray(bars(25).values[asked])

    fit_vae(bars(25), None, replace(SETTINGS, epochs=1), views=views)
    assert sorted(places) == list(range(25))
