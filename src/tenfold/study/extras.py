"""What a study needs beside tenfold's own dependencies, asked for before it begins."""

from __future__ import annotations

from importlib.util import find_spec

from tenfold.errors import MissingExtraError


def require(module: str, what: str) -> None:
    """Raise `MissingExtraError` unless a module is installed.

    Args:
        module: "scipy", "sklearn" or "torch".
        what: needs it, for the message.
    """
    if find_spec(module) is None:
        raise MissingExtraError(what, "study")
