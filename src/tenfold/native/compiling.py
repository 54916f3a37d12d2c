"""Builds the kernels: run by the package's build (see `hatch_build.py`), or by hand.

    python src/tenfold/native/compiling.py

It needs `ziglang` (a C compiler as a package, so that none has to be there) and `cffi`.
This file imports nothing of tenfold, which isn't installed yet when it runs.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE / "built"
SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
_X86 = {
    "v2": "x86_64_v2",
    "v3": "x86_64_v3",
    "v4": "x86_64_v4+avx512vbmi",
}
_FLAGS = [
    "-std=gnu17", "-O3", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden",
    "-fno-sanitize=all", "-fno-strict-aliasing", "-mprefer-vector-width=512",
    # The same roundings on every processor: never a multiplication and an addition in one.
    "-ffp-contract=off",
]  # fmt: skip


def levels() -> dict[str, list[str]]:
    """Name of each library and the compiler flags of its level."""
    if platform.machine().lower() in ("x86_64", "amd64"):
        return {name: [f"-mcpu={cpu}"] for name, cpu in _X86.items()}
    return {"any": []}


def compile_all() -> list[Path]:
    """Write the libraries and the module that describes their functions; their paths.

    Each file is replaced as a whole and only when all compile, so that programs that run go on.
    """
    BUILT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT) as folder, ThreadPoolExecutor() as pool:
        there = Path(folder)
        made = list(pool.map(lambda level: _compile(there, *level), levels().items()))
        made.append(_describe(there))
        return [path.replace(BUILT / path.name) for path in made]


def _compile(folder: Path, name: str, flags: list[str]) -> Path:
    out = folder / f"kernels_{name}{SUFFIX}"
    # Nothing of the C library is needed but memcpy and memset, which are there in every process.
    alone = ["-nostdlib", "-s"] if sys.platform == "linux" else []
    sources = [str(path) for path in sorted(HERE.glob("*.c"))]
    command = [sys.executable, "-m", "ziglang", "cc", *_FLAGS, *flags, *alone, *sources]
    done = subprocess.run([*command, "-o", str(out)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"tenfold's kernels don't compile ({name}):\n{done.stderr}")
    return out


def _describe(folder: Path) -> Path:
    """Cffi's description of the functions as a module, so that nothing is parsed at run time."""
    import cffi

    text = re.sub(r"/\*.*?\*/", "", (HERE / "functions.h").read_text(), flags=re.DOTALL)
    builder = cffi.FFI()
    builder.set_source("tenfold.native.built.functions", None)
    builder.cdef(text)
    out = folder / "functions.py"
    builder.emit_python_code(str(out))
    return out


if __name__ == "__main__":
    for path in compile_all():
        print(path)
