"""A person's own labelled volumes, and whether there is memory for what is asked of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import MissingExtraError, RequestError

_SPARE = 0.9  # of the free memory that may be used
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current"))


@dataclass(frozen=True, eq=False)
class Volume:
    """Labels and their size.

    Attributes:
        labels: (Z, H, W) whole numbers; slices from foot to head, rows from front to back, columns
            from the patient's right to left, where the file tells.
        pixel_mm: size of a pixel within a slice, or None if nothing tells.
        slice_mm: from slice to slice, or None.
    """

    labels: NDArray[Any]
    pixel_mm: float | None = None
    slice_mm: float | None = None


def read_volume(path: str | Path) -> Volume:
    """Labels from a file: .npy ((H, W) or (Z, H, W)), or NIfTI (.nii, .nii.gz) by nibabel.

    A .npy file stays on the disk and is read slice by slice. A NIfTI file is turned so that slices
    are axial and looked at from the feet, as radiologists do.

    Raises:
        RequestError: no such file, another kind of file, a shape that is no volume, pixels that
            aren't square, or more than there is memory for.
        MissingExtraError: NIfTI without nibabel.
    """
    path = Path(path)
    if not path.is_file():
        raise RequestError(f"no such file: {path}")
    if path.suffix == ".npy":
        try:
            return Volume(_slices(np.load(path, mmap_mode="r", allow_pickle=False), str(path)))
        except ValueError as error:
            raise RequestError(f"{path} isn't a plain .npy array: {error}") from None
    if path.name.endswith((".nii", ".nii.gz")):
        return _nifti(path)
    raise RequestError(f"{path.name}: volumes are .npy, .nii or .nii.gz files, or arrays")


def _nifti(path: Path) -> Volume:
    try:
        import nibabel
        from nibabel.filebasedimages import ImageFileError
    except ImportError:
        raise MissingExtraError("reading NIfTI volumes", "nifti") from None
    try:
        image: Any = nibabel.as_closest_canonical(nibabel.load(path))
    except (ImageFileError, OSError, EOFError) as error:
        raise RequestError(f"{path} isn't a readable NIfTI file: {error}") from None
    shape = image.shape
    if len(shape) != 3:
        raise RequestError(f"{path.name}: a volume has three axes, got shape {shape}")
    zooms = [float(size) for size in image.header.get_zooms()[:3]]
    if abs(zooms[0] - zooms[1]) > 1e-3 * zooms[0]:
        raise RequestError(
            f"{path.name}: pixels are {zooms[0]:g} x {zooms[1]:g} mm; resample it to square ones"
        )
    ensure_memory(16 * int(np.prod(shape)), f"the volume {shape} of {path.name}")
    labels = np.asanyarray(image.dataobj)
    # RAS+: x to the patient's right end of the axis being the left hand's, y to the front.
    return Volume(_slices(labels.transpose(2, 1, 0)[:, ::-1, ::-1], path.name), zooms[0], zooms[2])


def as_volume(labels: NDArray[Any] | str | Path) -> Volume:
    """Labels given as an array (H, W) or (Z, H, W), or as a file's path."""
    if isinstance(labels, str | Path):
        return read_volume(labels)
    return Volume(_slices(np.asanyarray(labels), "labels"))


def _slices(labels: NDArray[Any], what: str) -> NDArray[Any]:
    if labels.ndim == 2:
        labels = labels[None]
    if labels.ndim != 3:
        raise RequestError(f"{what}: labels are (H, W) or (Z, H, W), got shape {labels.shape}")
    if 0 in labels.shape:
        raise RequestError(f"{what}: the volume is empty, shape {labels.shape}")
    return labels


def ensure_memory(needed: int, what: str) -> None:
    """Raise `RequestError` with the size if there isn't so much free memory.

    Args:
        needed: bytes.
        what: what needs them.
    """
    free = free_memory()
    if free is not None and needed > _SPARE * free:
        raise RequestError(
            f"{what} needs {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free; "
            "take fewer slices at once, or coarser pixels"
        )


def free_memory() -> int | None:
    """Bytes that this process may still use, or None where nothing tells."""
    found = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    except OSError:
        if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        limit, used = (path.read_text().strip() for path in _LIMITS)
        if limit.isdigit():
            found.append(max(int(limit) - int(used), 0))
    except (OSError, ValueError):
        pass
    return min(found, default=None)
