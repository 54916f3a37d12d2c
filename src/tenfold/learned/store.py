"""Fitted models in folders: arrays as safetensors, the rest as JSON. No code is ever read."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import tenfold
from tenfold.errors import MissingExtraError, ModelError, OutputError, RequestError
from tenfold.learned.generator import Generator

ARRAYS, REST = "model.safetensors", "model.json"
KINDS = {
    "vae": "tenfold.learned.vae.model:Vae",
    "deformation": "tenfold.learned.deformation.model:Deformation",
}
"""Where the class of each kind is found; nothing else is ever imported for a file's sake."""

_FORMAT, _VERSION = "tenfold model", 1
_ANEW = "fit the model anew (tenfold fit)"


def save(generator: Generator, folder: Path) -> None:
    """Write a model's folder: whole, or not at all.

    Args:
        generator: of one of `KINDS`.
        folder: new, empty, or another model's, which is replaced.

    Raises:
        RequestError: the folder holds other things.
        OutputError: it can't be written.
        MissingExtraError: safetensors isn't installed.
    """
    if generator.kind not in KINDS:
        raise RequestError(f"models of kind '{generator.kind}' have no file format")
    require_free(folder)
    arrays, told = generator.state()
    tensors = _safetensors().save({k: np.ascontiguousarray(v) for k, v in arrays.items()})
    head = {
        "format": _FORMAT,
        "version": _VERSION,
        "tenfold": tenfold.__version__,
        "kind": generator.kind,
        "shape": list(generator.shape),
        "classes": list(generator.classes),
        "arrays": hashlib.sha256(tensors).hexdigest(),
        "told": told,
    }
    text = json.dumps(head, indent=1, allow_nan=False) + "\n"
    with _whole_folder(folder) as temporary:
        (temporary / ARRAYS).write_bytes(tensors)
        (temporary / REST).write_text(text, encoding="utf-8")


def require_free(folder: Path) -> None:
    """Raise `RequestError` unless a model can be saved there without loss of other things."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise RequestError(f"{folder} is a file; give a folder for the model")
    names = {path.name for path in folder.iterdir()}
    if names and not (REST in names and names <= {REST, ARRAYS}):
        raise RequestError(f"{folder} holds other things than a model; give a new folder")


def load(folder: Path) -> Generator:
    """The model in a folder.

    Raises:
        ModelError: no model, or a truncated, changed or foreign one, or of another version.
        MissingExtraError: the kind needs a library that isn't installed.
    """
    head, tensors = _read(folder)
    try:
        arrays = _safetensors().load(tensors)
    except MissingExtraError:
        raise
    except Exception as error:  # the library's own errors, for damage of every kind
        raise ModelError(f"{folder / ARRAYS} is no safetensors file ({error}); {_ANEW}") from None
    module, _, name = KINDS[head["kind"]].partition(":")
    kind: type[Generator] = getattr(importlib.import_module(module), name)
    try:
        found = kind.restore(arrays, head["told"])
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from error
    told = tuple(head["shape"]), tuple(head["classes"])
    if (tuple(found.shape), tuple(found.classes)) != told:
        raise ModelError(f"{folder / REST} contradicts itself in shape or classes; {_ANEW}")
    return found


def fingerprint(folder: Path) -> str:
    """SHA-256, hex, of all that decides what the model makes; the same for equal models.

    Raises:
        ModelError: as `load`, except for what only shows when the model is put together.
    """
    head, _ = _read(folder)
    kept = {key: head[key] for key in ("version", "kind", "shape", "classes", "arrays", "told")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _read(folder: Path) -> tuple[dict[str, Any], bytes]:
    """The checked head and the checked bytes of the arrays."""
    try:
        text, tensors = (folder / REST).read_bytes(), (folder / ARRAYS).read_bytes()
    except OSError as error:
        what = "holds no model" if not (folder / REST).exists() else "holds half a model"
        raise ModelError(
            f"{folder} {what} ({error.strerror or error}: {Path(error.filename or folder).name}); "
            "give a folder that `tenfold fit` wrote"
        ) from None
    try:
        head = json.loads(text)
    except ValueError:
        raise ModelError(f"{folder / REST} is truncated or no JSON; {_ANEW}") from None
    if not isinstance(head, dict) or head.get("format") != _FORMAT:
        raise ModelError(f"{folder / REST} is no model of tenfold; give another folder")
    if head.get("version") != _VERSION:
        raise ModelError(
            f"{folder} is a model of format {head.get('version')!r:.20}, written by tenfold "
            f"{head.get('tenfold')!r:.20}; this is tenfold {tenfold.__version__}, which reads "
            f"format {_VERSION}: install the other version or {_ANEW}"
        )
    if head.get("kind") not in KINDS:
        raise ModelError(
            f"{folder} is a model of kind {head.get('kind')!r:.40}; known: {', '.join(KINDS)}"
        )
    lists = isinstance(head.get("shape"), list) and isinstance(head.get("classes"), list)
    if not lists or not isinstance(head.get("told"), dict):
        raise ModelError(f"{folder / REST} lacks its shape, classes or settings; {_ANEW}")
    if hashlib.sha256(tensors).hexdigest() != head.get("arrays"):
        raise ModelError(
            f"{folder / ARRAYS} is truncated or was changed (its SHA-256 isn't that in {REST}); "
            f"copy the folder again or {_ANEW}"
        )
    return head, tensors


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder beside it, which takes its place at the end."""
    folder = folder.absolute()
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.part")
    before = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.old")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if folder.exists():
            folder.replace(before)
        temporary.replace(folder)
    except BaseException as error:
        with contextlib.suppress(OSError):
            if before.exists() and not folder.exists():
                before.replace(folder)
        if not isinstance(error, OSError):
            raise
        raise OutputError(
            f"can't write {folder}: {error.strerror or error}; make room or check the folder"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(before, ignore_errors=True)


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise MissingExtraError("files of fitted models", "learn") from None
    return safetensors.numpy
