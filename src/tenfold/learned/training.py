"""The one training loop of everything that torch fits.

All randomness is drawn anew from (seed, epoch), so that a fit that was killed and goes on from
its checkpoint ends with the same weights as one that wasn't.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.errors import TenfoldError
from tenfold.learned import checkpoint
from tenfold.learned.backend import best_device, repeatable, seeded, threads_for, torch_module
from tenfold.learned.examples import Array, Examples
from tenfold.learned.generator import Progress, Views

_RISE = 0.1  # share of the steps in which the learning rate grows
_BETAS = 0.9, 0.99  # the second forgets within a short fit, which the usual 0.999 does not
_BLOCK = 4096  # examples that a declaration is applied to at once


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast.

    Attributes:
        epochs: at most.
        batch: examples a step; the last step of an epoch may have up to half as many more or less.
        learning_rate: the highest of a cosine that rises during a tenth of the steps.
        patience: epochs without a better validation loss after which the fit stops.
        seed: from 0.
        seconds: after which it stops with what it has; None is without a limit. Only a fit
            without one always has the same weights.
        saved_every: seconds between checkpoints.
    """

    epochs: int
    batch: int
    learning_rate: float
    patience: int
    seed: int = 0
    seconds: float | None = None
    saved_every: float = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is trained.

    Attributes:
        modules: a `torch.nn.Module`; its weights are changed, and are the best ones at the end.
        loss: (values, labels, noise, share) -> scalar, the mean over the batch. `values` are a
            tensor (n, C, H, W) or (n, D), `labels` (n,), `noise` the `torch.Generator` to draw
            from, `share` from 0 to 1 how far the fit has come.
        judge: (values, labels, noise) -> (n,) losses of validation examples, lower is better;
            the noise is the same at each call, so that epochs can be compared.
        identity: words that tell this task from others, so that no foreign checkpoint is resumed.
    """

    modules: Any
    loss: Callable[[Any, Any, Any, float], Any]
    judge: Callable[[Any, Any, Any], Any]
    identity: str


@dataclass(slots=True)
class History:
    """How a fit went.

    Attributes:
        losses: mean training loss of each epoch.
        judged: mean validation loss of each epoch; empty without validation.
        best: number of the epoch whose weights were kept, from 0; -1 before the first.
        stopped: "whole", "patience" or "time".
        seconds: of training, all runs of a resumed fit together.
    """

    losses: list[float] = field(default_factory=list)
    judged: list[float] = field(default_factory=list)
    best: int = -1
    stopped: str = "whole"
    seconds: float = 0.0

    def out_of_patience(self, patience: int) -> bool:
        """Whether no epoch was better than the best for that long."""
        return bool(self.judged) and len(self.judged) - 1 - self.best >= patience


def tensor(values: Array, device: Any) -> Any:
    """Images (n, H, W, C) as a tensor (n, C, H, W) over the same memory; vectors as they are."""
    found = torch_module().from_numpy(np.ascontiguousarray(values, np.float32)).to(device)
    return found.permute(0, 3, 1, 2) if values.ndim == 4 else found


def train(
    task: Task,
    examples: Examples,
    validation: Examples | None,
    schedule: Schedule,
    *,
    views: Views | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> History:
    """Train with AdamW until the epochs, the patience or the time are over.

    Args:
        task: see there.
        examples: to learn from.
        validation: to stop by; without it the last weights are kept.
        schedule: see there.
        views: of the examples, asked for in each epoch; None takes them as they are.
        folder: where a checkpoint is kept while the fit runs, and found by the next run with the
            same arguments (the views can't be compared: give the same); removed at the end.
        progress: told after each epoch.

    Raises:
        TenfoldError: a loss isn't finite.
        RequestError: the folder has the checkpoint of another fit.
        ModelError: the checkpoint is damaged.
    """
    with repeatable(), threads_for(examples.shape):
        return _Fit(task, examples, validation, schedule, views, folder).run(progress)


class _Fit:
    def __init__(
        self,
        task: Task,
        examples: Examples,
        validation: Examples | None,
        schedule: Schedule,
        views: Views | None,
        folder: Path | None,
    ) -> None:
        torch = torch_module()
        self.task, self.schedule, self.views, self.folder = task, schedule, views, folder
        self.device = best_device()
        task.modules.to(self.device)
        self.examples = examples
        self.labels = torch.from_numpy(examples.labels).to(self.device)
        self.values: Any = None if views else tensor(examples.values, self.device)
        self.held: Any = None
        if validation is not None:
            labels = torch.from_numpy(validation.labels).to(self.device)
            self.held = tensor(validation.values, self.device), labels
        self.steps = max(1, round(len(examples.values) / schedule.batch))  # of an epoch
        self.optimiser = torch.optim.AdamW(
            task.modules.parameters(),
            lr=schedule.learning_rate,
            betas=_BETAS,
            weight_decay=0.0,
            fused=True,
        )
        self.history = History()
        self.kept: dict[str, Any] = {}
        self.identity = f"{task.identity} {schedule.epochs} {schedule.batch} {schedule.seed}"

    def run(self, progress: Progress | None) -> History:
        history, schedule = self.history, self.schedule
        if self.folder is not None:
            checkpoint.resume(self.folder, self.identity, self.task.modules, self.optimiser,
                              history, self.kept)  # fmt: skip
        began, before = time.monotonic(), history.seconds
        saved, first = began, len(history.losses)
        for epoch in range(first, schedule.epochs):
            if history.out_of_patience(schedule.patience):
                history.stopped = "patience"
                break
            if schedule.seconds is not None and epoch and history.seconds >= schedule.seconds:
                history.stopped = "time"
                break
            self._epoch(epoch)
            now = time.monotonic()
            history.seconds = before + now - began
            if self.folder is not None and now - saved >= schedule.saved_every:
                checkpoint.save(self.folder, self.identity, self.task.modules, self.optimiser,
                                history, self.kept)  # fmt: skip
                saved = time.monotonic()
            if progress is not None:
                left = (now - began) / (epoch + 1 - first) * (schedule.epochs - epoch - 1)
                if schedule.seconds is not None:
                    left = min(left, max(0.0, schedule.seconds - history.seconds))
                progress(self._said(epoch, left), epoch + 1, schedule.epochs)
        if self.kept:
            self.task.modules.load_state_dict(self.kept)
        if self.folder is not None:
            checkpoint.remove(self.folder)
        return history

    def _said(self, epoch: int, left: float) -> str:
        said = f"loss {self.history.losses[-1]:.4g}"
        if self.history.judged:
            said += f", validation {self.history.judged[-1]:.4g}"
            said += f" (best {self.history.judged[self.history.best]:.4g})"
        minutes, seconds = divmod(round(left), 60)
        return f"{said}, {f'{minutes} min ' if minutes else ''}{seconds} s left"

    def _epoch(self, epoch: int) -> None:
        torch, schedule = torch_module(), self.schedule
        noise = seeded(schedule.seed, 1, epoch, device=self.device)
        order = torch.randperm(len(self.labels), generator=seeded(schedule.seed, 2, epoch))
        batches = list(torch.tensor_split(order, self.steps))
        modules = self.task.modules.train()
        total = torch.zeros((), device=self.device)
        for step, (places, values) in enumerate(self._values(batches, epoch)):
            share = (epoch + step / self.steps) / schedule.epochs
            for group in self.optimiser.param_groups:
                group["lr"] = schedule.learning_rate * rate(share, self.steps * schedule.epochs)
            loss = self.task.loss(values, self.labels[places.to(self.device)], noise, share)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self.optimiser.step()
            total += loss.detach() * len(places)
        self._note(epoch, float(total) / len(order))
        if self.held is None:
            self.history.best = epoch
            return
        modules.eval()
        with torch.no_grad():
            same = seeded(schedule.seed, 3, device=self.device)
            judged = [
                self.task.judge(values, labels, same).sum()
                for values, labels in zip(*(part.split(256) for part in self.held), strict=True)
            ]
        found = float(sum(judged)) / len(self.held[1])
        self.history.judged.append(found)
        if self.history.best < 0 or found < self.history.judged[self.history.best]:
            self.history.best = epoch
            self.kept.update({k: v.clone() for k, v in modules.state_dict().items()})

    def _note(self, epoch: int, loss: float) -> None:
        if not math.isfinite(loss):
            raise TenfoldError(
                f"the training broke down: its loss was {loss} in epoch {epoch + 1}; "
                f"give a lower learning rate than {self.schedule.learning_rate:g}, "
                "or look for values far from all others"
            )
        self.history.losses.append(loss)

    def _values(self, batches: list[Any], epoch: int) -> Any:
        """Pairs of the places in a batch and its values."""
        if self.views is None:
            for places in batches:
                yield places, self.values[places.to(self.device)]
            return
        together = max(1, _BLOCK // self.schedule.batch)
        torch = torch_module()
        for first in range(0, len(batches), together):
            block = batches[first : first + together]
            seen = tensor(self.views(torch.cat(block).numpy(), epoch), self.device)
            yield from zip(block, seen.split([len(b) for b in block]), strict=True)


def rate(share: float, steps: int) -> float:
    """Learning rate, from 0 to 1, when a share of the steps is done: a rise, then a cosine."""
    rise = max(_RISE, 1 / steps)
    if share < rise:
        return (share + 1 / steps) / (rise + 1 / steps)
    return 0.5 * (1 + math.cos(math.pi * (share - rise) / (1 - rise)))
