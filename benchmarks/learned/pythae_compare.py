"""tenfold's VAE beside pythae's: wall time to an equal validation bound, at the same network.

Both sides get one network (tenfold's, wrapped for pythae), one likelihood (Bernoulli), the same
first weights and the same data; one judge scores both (`Vae.elbo`, 4 draws, outside the clock).
pythae runs its own trainer on its best of several settings; tenfold runs `fit_vae`.

    pip install --no-deps pythae pydantic-settings   # in an environment of its own, beside torch
    OMP_NUM_THREADS=1 python -m benchmarks.learned.pythae_compare [digits|uji|omniglot] ...
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from sklearn.datasets import load_digits

from tenfold.learned.examples import Examples
from tenfold.learned.vae import Vae, VaeSettings, fit_vae
from tenfold.learned.vae.networks import Layout, Network
from tenfold.learned.vae.scale import Scale

DATA = Path(os.environ.get("TENFOLD_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))
DRAWS = 4
CLOCK = time.perf_counter


def examples(name: str) -> tuple[Examples, Examples]:
    """Training and validation part: other rows of the file, other writers or other drawers."""
    if name == "digits":
        found = load_digits()
        images, labels, held = found.images / 16, found.target, np.arange(1797) >= 1297
    elif name == "uji":
        found = np.load(DATA / "uji-pen-v1/uji_pen_v1_70x70.npz")
        images, labels = found["images"] / 255, np.unique(found["labels"], return_inverse=True)[1]
        held = found["writers"] >= np.unique(found["writers"])[8]
    else:
        images, labels, drawers = _omniglot()
        held = drawers >= 16
    classes = tuple(range(int(labels.max()) + 1))
    values = images[..., None].astype(np.float32)
    return (
        Examples(values[~held], labels[~held], classes),
        Examples(values[held], labels[held], classes),
    )


def _omniglot() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two alphabets at 28 x 28, ink bright."""
    images, labels, drawers = [], [], []
    with zipfile.ZipFile(DATA / "omniglot/images_background_small1.zip") as archive:
        names = sorted(n for n in archive.namelist() if n.endswith(".png"))
        alphabets = sorted({n.split("/")[1] for n in names})[:2]
        names = [n for n in names if n.split("/")[1] in alphabets]
        classes = {n: i for i, n in enumerate(sorted({n.rsplit("/", 1)[0] for n in names}))}
        for name in names:
            whole = cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), 0)
            images.append(1 - cv2.resize(whole, (28, 28), interpolation=cv2.INTER_AREA) / 255)
            labels.append(classes[name.rsplit("/", 1)[0]])
            drawers.append(int(name[-6:-4]) - 1)
    return np.array(images), np.array(labels), np.array(drawers)


def bound(network: Network, held: Examples, settings: VaeSettings) -> float:
    """Mean evidence bound of the held-out examples in nats."""
    state = {k: v.detach().clone() for k, v in network.modules.state_dict().items()}
    own = Network(network.layout)
    own.modules.load_state_dict(state)
    own.modules.eval()
    reference = np.zeros((2, settings.latent), np.float32), np.zeros(2, np.int64)
    nothing = Scale(np.zeros((), np.float32), np.ones((), np.float32))
    model = Vae(settings, own, nothing, held.classes, *reference, {})
    return float(model.elbo(held, DRAWS).mean())


def with_pythae(
    train: Examples, held: Examples, settings: VaeSettings, batch: int, lr: float, scheduler: bool
) -> list[tuple[float, float]]:
    """Seconds since the call and the bound, after each epoch; the bound's own time left out."""
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    torch.manual_seed(settings.seed)
    network = Network(Layout(train.shape, settings.latent, 0, settings.width))

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.latent_dim = settings.latent
            self.layers = torch.nn.ModuleList([network.modules["inward"], network.modules["heads"]])

        def forward(self, x: torch.Tensor) -> ModelOutput:
            mean, log_variance = network.encode(x, None)
            return ModelOutput(embedding=mean, log_covariance=log_variance)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList(
                [network.modules["opening"], network.modules["outward"]]
            )

        def forward(self, z: torch.Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=network.decode(z, None).sigmoid())

    shape = (train.shape[2], *train.shape[:2])
    config = VAEConfig(
        input_dim=shape, latent_dim=settings.latent, reconstruction_loss="bce",
    )  # fmt: skip
    curve: list[tuple[float, float]] = []
    aside = 0.0

    class Judge(TrainingCallback):
        def on_epoch_end(self, training_config: object, **_: object) -> None:
            nonlocal aside
            now = CLOCK()
            curve.append((now - began - aside, bound(network, held, settings)))
            aside += CLOCK() - now

    with tempfile.TemporaryDirectory() as folder:
        began = CLOCK()
        model = VAE(config, Encoder(), Decoder())
        trainer = BaseTrainer(
            model,
            train_dataset=_pythae_data(train),
            eval_dataset=_pythae_data(held),
            training_config=BaseTrainerConfig(
                output_dir=folder, num_epochs=settings.epochs, learning_rate=lr,
                per_device_train_batch_size=batch, per_device_eval_batch_size=256,
                optimizer_cls="Adam", no_cuda=True, seed=settings.seed,
                scheduler_cls="CosineAnnealingLR" if scheduler else None,
                scheduler_params={"T_max": settings.epochs} if scheduler else None,
            ),
            callbacks=[Judge()],
        )  # fmt: skip
        trainer.train()
    return curve


def _pythae_data(part: Examples) -> object:
    from pythae.data.datasets import BaseDataset

    images = torch.from_numpy(np.ascontiguousarray(part.values.transpose(0, 3, 1, 2)))
    return BaseDataset(images, torch.from_numpy(part.labels))


def with_tenfold(train: Examples, held: Examples, settings: VaeSettings) -> tuple[float, float]:
    """Seconds of the whole call, and the bound."""
    began = CLOCK()
    model = fit_vae(train, held, settings)
    return CLOCK() - began, float(model.elbo(held, DRAWS).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", nargs="*", default=["digits", "omniglot"])
    parser.add_argument("--epochs", type=int, default=40, help="of pythae")
    parser.add_argument("--ours", default="8,12,20", help="tenfold's epochs, tried in turn")
    parser.add_argument("--batches", default="16", help="tenfold's batch")
    parser.add_argument("--rates", default="0.008", help="tenfold's highest learning rate")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="of this one thread, instead of wall time: for a busy machine",
    )
    arguments = parser.parse_args()
    if arguments.processor_time:
        globals()["CLOCK"] = time.process_time
    logging.disable(logging.INFO)
    torch.set_num_threads(1)
    for name in arguments.data:
        train, held = examples(name)
        base = VaeSettings(
            latent=16,
            width=arguments.width,
            epochs=arguments.epochs,
            patience=999,
            warmup=0.0,
            tone=False,
        )
        print(f"{name}: {len(train.values)} to train, {len(held.values)} held out, {train.shape}")
        best: dict[str, tuple[float, float]] = {}
        for batch, lr, scheduler in ((64, 1e-3, False), (32, 2e-3, False), (32, 4e-3, True)):
            curve = with_pythae(train, held, base, batch, lr, scheduler)
            top = max(range(len(curve)), key=lambda e: curve[e][1])
            label = f"batch {batch}, Adam {lr:g}{', cosine' if scheduler else ''}"
            best[label] = curve[top]
            print(f"  pythae  {label}: {curve[top][1]:9.2f} nats after {curve[top][0]:6.2f} s "
                  f"(epoch {top + 1}), all {curve[-1][0]:.2f} s", flush=True)  # fmt: skip
        goal = max(nats for _, nats in best.values())
        for epochs in map(int, arguments.ours.split(",")):
            for lr in map(float, arguments.rates.split(",")):
                for batch in map(int, arguments.batches.split(",")):
                    ours = replace(base, epochs=epochs, batch=batch, learning_rate=lr)
                    seconds, nats = with_tenfold(train, held, ours)
                    beaten = [
                        f"{label}: {then / seconds:.1f} x"
                        for label, (then, other) in best.items()
                        if nats >= other
                    ]
                    print(f"  tenfold batch {batch}, {lr:g}, {epochs} epochs: {nats:9.2f} nats "
                          f"after {seconds:6.2f} s; equal or better than {beaten or 'none'} "
                          f"(best of pythae {goal:.2f})", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
