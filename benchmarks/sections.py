"""Sections of a page that several programs write."""

from __future__ import annotations

import re

LOOPS = "Training loops"
"""Written by `benchmarks.loops`."""


def section(page: str, title: str) -> str:
    """What stands under a title of the second level, without the title; "" if nothing."""
    found = re.search(rf"^## {re.escape(title)}\n\n(.*?)\n*(?=^## |\Z)", page, re.M | re.S)
    return found[1] if found else ""


def replaced(page: str, title: str, body: str) -> str:
    """The page with another body under a title; at its end if it wasn't there."""
    before, found, after = page.partition(f"## {title}\n")
    if not found:
        return f"{page.rstrip()}\n\n## {title}\n\n{body}\n"
    rest = re.search(r"^## ", after, re.M)
    return f"{before}## {title}\n\n{body}\n" + (f"\n{after[rest.start() :]}" if rest else "")
