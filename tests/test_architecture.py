"""The house rules that a machine can check: who imports whom, and what an import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[1] / "src" / "tenfold"

LAYERS = [
    ["errors", "native", "rng", "params"],
    ["places", "long_list"],
    ["samples", "mixing"],
    ["ops"],
    ["declare"],
    ["plan"],
    ["learned", "synth", "compose"],
    ["write"],
    ["engine"],
    ["evaluate", "datasets"],
    ["call", "multiply", "synthesis", "testing", "fitting"],
    ["study", "richness"],
    ["calibrate"],
    ["cli", "__main__"],
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}


def imports(path: Path) -> set[str]:
    """The rooms of tenfold that a file imports, at its top or inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module != "tenfold":
            found.add(node.module)
        elif isinstance(node, ast.ImportFrom) and node.module == "tenfold":
            found.update(f"tenfold.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {m.split(".")[1] for m in found if m.startswith("tenfold.")} - {"__version__"}


@pytest.mark.parametrize("path", sorted(SRC.rglob("*.py")), ids=lambda p: str(p.relative_to(SRC)))
def test_imports_run_downward_only(path: Path) -> None:
    room = path.relative_to(SRC).parts[0].removesuffix(".py")
    if room == "__init__":
        return  # the door: names everything, imports nothing until asked
    assert room in LEVEL, f"{room} has no place in the architecture: say where it belongs"
    for other in imports(path):
        assert LEVEL[other] <= LEVEL[room], f"{room} must not import {other}"


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_tenfold_loads_nothing_heavy() -> None:
    heavy = "torch", "ray", "cv2", "PIL", "numpy", "pandas", "pyarrow", "sklearn", "click"
    loaded = python(f"import sys, tenfold; print([m for m in {heavy!r} if m in sys.modules])")
    assert loaded.strip() == "[]"


def test_everything_works_without_a_network(tmp_path: Path) -> None:
    """Every module is imported and a whole job runs while sockets are forbidden."""
    data = tmp_path / "data" / "a"
    data.mkdir(parents=True)
    code = f"""
import socket
def forbidden(*args, **kwargs):
    raise AssertionError("a socket was opened")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = forbidden
import importlib, pkgutil, sys
import tenfold
for module in pkgutil.walk_packages(tenfold.__path__, "tenfold."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
assert "torch" not in sys.modules and "ray" not in sys.modules
import cv2, numpy as np
cv2.imwrite({str(data / "x.png")!r}, np.zeros((8, 8, 3), np.uint8))
from tenfold.cli.main import run
sys.exit(run(["augment", {str(tmp_path / "data")!r}, {str(tmp_path / "out")!r}, "--quiet"]))
"""
    python(code)
    assert (tmp_path / "out" / "report.html").exists()


def test_files_stay_small_enough_to_hold_in_the_head() -> None:
    long = {
        str(p.relative_to(SRC)): n
        for p in SRC.rglob("*.py")
        if (n := len(p.read_text().splitlines())) > 450
    }
    assert not long


def test_every_public_name_is_documented() -> None:
    bare = []
    for path in SRC.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            if not node.name.startswith("_") and not ast.get_docstring(node):
                bare.append(f"{path.name}: {node.name}")
    assert not bare
