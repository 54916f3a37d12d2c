"""Models in folders: whole or absent, equal when read again, and foreign ones refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from learned.tiny import bars
from tenfold.errors import ModelError, OutputError, RequestError
from tenfold.learned import store
from tenfold.learned.vae import Vae, VaeSettings, fit_vae

pytest.importorskip("torch", reason="torch is the extra 'learn'")
pytest.importorskip("safetensors", reason="safetensors is the extra 'learn'")

SETTINGS = VaeSettings(latent=3, width=2, epochs=1, batch=8)


@pytest.fixture(scope="module")
def model() -> Vae:
    return fit_vae(bars(), None, SETTINGS)


@pytest.fixture
def folder(model: Vae, tmp_path: Path) -> Path:
    store.save(model, tmp_path / "model")
    return tmp_path / "model"


def test_read_again_it_is_the_same(model: Vae, folder: Path) -> None:
    back = store.load(folder)
    examples = bars()
    assert isinstance(back, Vae)
    np.testing.assert_array_equal(
        back.sample(examples.labels, np.arange(24)), model.sample(examples.labels, np.arange(24))
    )
    assert {path.name for path in folder.iterdir()} == {"model.json", "model.safetensors"}
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_equal_models_have_equal_fingerprints(folder: Path, tmp_path: Path) -> None:
    store.save(fit_vae(bars(), None, SETTINGS), tmp_path / "again")
    assert store.fingerprint(tmp_path / "again") == store.fingerprint(folder)
    store.save(fit_vae(bars(26), None, SETTINGS), tmp_path / "again")  # a model is replaced
    assert store.fingerprint(tmp_path / "again") != store.fingerprint(folder)


def test_other_things_are_not_overwritten(model: Vae, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    with pytest.raises(RequestError, match="other things than a model"):
        store.save(model, tmp_path / "notes")
    with pytest.raises(RequestError, match="is a file"):
        store.save(model, tmp_path / "notes" / "a.txt")
    assert (tmp_path / "notes" / "a.txt").read_text() == "mine"


def test_a_full_disk_leaves_the_old_model(
    folder: Path, model: Vae, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.fingerprint(folder)

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OutputError, match="No space left"):
        store.save(model, folder)
    assert store.fingerprint(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def edited(folder: Path, **changes: object) -> None:
    head = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(head | changes))


def test_damage_and_strangers(folder: Path, tmp_path: Path) -> None:
    text = (folder / "model.json").read_text()
    tensors = (folder / "model.safetensors").read_bytes()
    with pytest.raises(ModelError, match="holds no model"):
        store.load(tmp_path / "nowhere")
    (folder / "model.json").write_text(text[:100])
    with pytest.raises(ModelError, match="truncated or no JSON"):
        store.load(folder)
    (folder / "model.json").write_text('{"format": "something else"}')
    with pytest.raises(ModelError, match="no model of tenfold"):
        store.load(folder)
    for change, message in (
        ({"version": 2}, "reads format 1"),
        ({"kind": "os.system"}, "kind 'os.system'; known: vae"),
        ({"classes": None}, "lacks its shape, classes or settings"),
        ({"classes": ["a", "b"]}, "contradicts itself"),
        ({"told": {}}, "not a whole autoencoder"),
    ):
        (folder / "model.json").write_text(text)
        edited(folder, **change)
        with pytest.raises(ModelError, match=message):
            store.load(folder)
    (folder / "model.json").write_text(text)
    (folder / "model.safetensors").write_bytes(tensors[:-3])
    with pytest.raises(ModelError, match="truncated or was changed"):
        store.fingerprint(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="half a model"):
        store.load(folder)


def test_arrays_of_another_kind(folder: Path) -> None:
    import hashlib

    junk = b"\x80\x04cos\nsystem\n."
    (folder / "model.safetensors").write_bytes(junk)
    edited(folder, arrays=hashlib.sha256(junk).hexdigest())
    with pytest.raises(ModelError, match="no safetensors file"):
        store.load(folder)


def test_a_model_lacking_an_array(folder: Path) -> None:
    import hashlib

    from safetensors.numpy import load, save

    arrays = load((folder / "model.safetensors").read_bytes())
    del arrays["network.heads.weight"]
    fewer = save(arrays)
    (folder / "model.safetensors").write_bytes(fewer)
    edited(folder, arrays=hashlib.sha256(fewer).hexdigest())
    with pytest.raises(ModelError, match="not a whole autoencoder"):
        store.load(folder)
