"""What other tools call parameters, so that a message can name ours; never accepted themselves."""

from __future__ import annotations

from collections.abc import Collection

from tenfold.errors import did_you_mean

PARAMETER_ALIASES: dict[str, tuple[str, ...]] = {
    "p": ("probability",), "prob": ("probability",), "chance": ("probability",),
    "angle": ("degrees",), "angles": ("degrees",), "limit": ("degrees", "factor"),
    "axis": ("axes",), "direction": ("axes",), "directions": ("axes",), "mode": ("axes",),
    "dx": ("x",), "dy": ("y",), "horizontal": ("x",), "vertical": ("y",),
    "scale": ("factor", "area", "sigma"), "zoom": ("factor",), "ratio": ("aspect",),
    "n": ("operations",), "num_ops": ("operations",), "m": ("magnitude",),
    "num_magnitude_bins": ("magnitude",), "std": ("sigma",), "var": ("sigma", "std"),
    "sigma": ("std",), "count": ("holes",), "threshold": ("cutoff",), "radius": ("sigma",),
}  # fmt: skip
"""Other words for parameters; the first that the op has is meant."""

MAIN_WORDS = (
    "range",
    "factor",
    "severity",
    "limit",
    "amount",
    "strength",
    "value",
    "intensity",
    "level",
    "by",
    "max",
)
"""Words that stand for an op's main parameter where it has none of that name."""


def parameter_cure(word: str, ours: Collection[str], main: str = "") -> str:
    """`"; did you mean 'degrees'?"` for an unknown parameter of an op, else what it has.

    Args:
        word: what was given, in snake_case.
        ours: the op's parameters.
        main: the parameter that a bare value sets, or "".
    """
    meant = next((name for name in PARAMETER_ALIASES.get(word, ()) if name in ours), None)
    if meant is None and word in MAIN_WORDS and main:
        meant = main
    if meant is not None:
        return f"; did you mean '{meant}'?"
    return did_you_mean(word, ours) or f"; it has {', '.join(ours)}"
