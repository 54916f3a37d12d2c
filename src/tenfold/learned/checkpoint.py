"""What a training run leaves for the next one to go on from. No code is read from it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.errors import MissingExtraError, ModelError, OutputError, RequestError

if TYPE_CHECKING:
    from tenfold.learned.training import History

FILE = "checkpoint.safetensors"
_VERSION = "1"


def save(
    folder: Path, identity: str, modules: Any, optimiser: Any, history: History, kept: Any
) -> None:
    """Write weights, the optimiser's moments, the best weights and the history, whole."""
    torch_files = _safetensors()
    tensors = {f"weight {name}": value for name, value in modules.state_dict().items()}
    tensors |= {f"kept {name}": value for name, value in kept.items()}
    for place, moments in optimiser.state_dict()["state"].items():
        tensors |= {f"moment {place} {name}": value for name, value in moments.items()}
    told = {"version": _VERSION, "identity": identity, "history": json.dumps(asdict(history))}
    temporary = folder / f".{FILE}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        temporary.write_bytes(torch_files.save(plain, metadata=told))
        temporary.replace(folder / FILE)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise OutputError(f"can't write {folder / FILE}: {error.strerror or error}") from error


def resume(
    folder: Path, identity: str, modules: Any, optimiser: Any, history: History, kept: Any
) -> None:
    """Put everything back to where the checkpoint was written; nothing if there is none.

    Raises:
        RequestError: it is another fit's.
        ModelError: it is damaged.
    """
    path = folder / FILE
    if not path.exists():
        return
    torch_files = _safetensors()
    cure = "remove it to start anew"
    try:
        tensors = torch_files.load(path.read_bytes())
        told = _header(path)
    except Exception as error:  # the library has errors of its own, for damage of every kind
        raise ModelError(f"{path} is damaged ({error}); {cure}") from None
    if told.get("version") != _VERSION or told.get("identity") != identity:
        raise RequestError(
            f"{path} was left by a fit of other data or with other settings; {cure}, "
            "or give another folder"
        )
    moments: dict[int, dict[str, Any]] = {}
    weights: dict[str, Any] = {}
    for name, value in tensors.items():
        part, _, rest = name.partition(" ")
        if part == "weight":
            weights[rest] = value
        elif part == "kept":
            kept[rest] = value
        else:
            place, word = rest.split(" ")
            moments.setdefault(int(place), {})[word] = value
    groups = optimiser.state_dict()["param_groups"]
    modules.load_state_dict(weights)
    optimiser.load_state_dict({"state": moments, "param_groups": groups})
    before = json.loads(told["history"])
    for each in fields(history):
        setattr(history, each.name, before[each.name])


def remove(folder: Path) -> None:
    """Forget the checkpoint, if there is one."""
    (folder / FILE).unlink(missing_ok=True)


def _header(path: Path) -> dict[str, str]:
    with open(path, "rb") as handle:
        size = int.from_bytes(handle.read(8), "little")
        found = json.loads(handle.read(size))
    return dict(found["__metadata__"])


def _safetensors() -> Any:
    try:
        import safetensors.torch
    except ImportError:
        raise MissingExtraError("checkpoints of a training run", "learn") from None
    return safetensors.torch
