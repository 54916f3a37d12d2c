"""The build step of the package: compile the kernels, and say which machines the wheel is for."""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPILING = "src/tenfold/native/compiling.py"


class CompileKernels(BuildHookInterface[Any]):
    """Runs before a wheel is put together, an editable one too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; mark the wheel as made for this platform and any Python 3."""
        if self.target_name != "wheel":
            return
        spec = importlib.util.spec_from_file_location("compiling", Path(self.root, COMPILING))
        assert spec is not None
        assert spec.loader is not None
        compiling = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(compiling)
        compiling.compile_all()
        build_data["artifacts"].append("src/tenfold/native/built/*")
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"
