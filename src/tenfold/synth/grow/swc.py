"""Trees as SWC, the text format of traced neurons and vessels.

Cannon et al., "An on-line archive of reconstructed hippocampal neurons", J. Neurosci. Methods 84
(1998). What SWC has no column for (names of kinds, spheres) stands in comments that other programs
pass over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

from tenfold.errors import RequestError
from tenfold.synth.grow.tree import Tree

_FIRST = 5  # the first type that is free for own kinds
_STANDARD: Mapping[int, str] = {
    0: "undefined",
    1: "soma",
    2: "axon",
    3: "basal dendrite",
    4: "apical dendrite",
}
_Id = TypeVar("_Id", int, str)


def swc_of(tree: Tree) -> str:
    """The tree as SWC text: `id type x y z radius parent`, lengths in um, ids from 1.

    All digits are written, so that `tree_of_swc` reads back the same numbers.
    """
    lines = ["# unit um"]
    lines += [f"# kind {_FIRST + i} {name}" for i, name in enumerate(tree.names)]
    lines += [f"# sphere {i + 1} {r!r}" for i, r in enumerate(tree.spheres_at.tolist()) if r > 0]
    rows = zip(
        tree.kinds.tolist(), tree.nodes.tolist(), tree.radii.tolist(), tree.parents.tolist(),
        strict=True,
    )  # fmt: skip
    for i, (kind, (x, y, z), radius, parent) in enumerate(rows, 1):
        above = parent + 1 if parent >= 0 else -1
        lines.append(f"{i} {_FIRST + kind} {x!r} {y!r} {z!r} {radius!r} {above}")
    return "\n".join(lines) + "\n"


def tree_of_swc(text: str) -> Tree:
    """Read SWC, tenfold's or another program's; the nodes may stand in any order.

    Raises:
        RequestError: a line isn't seven numbers, an id comes twice, a parent is missing, or nodes
            are their own ancestors; told with the line.
    """
    rows: dict[int, tuple[int, tuple[float, float, float], float, int]] = {}
    named: dict[int, str] = {}
    spheres: dict[int, float] = {}
    for number, line in enumerate(text.splitlines(), 1):
        body, _, comment = line.partition("#")
        words = body.split()
        try:
            if not words:
                _note(comment.split(), named, spheres)
                continue
            if len(words) < 7:
                raise ValueError
            node, kind, above = int(words[0]), int(words[1]), int(words[6])
            x, y, z, radius = (float(word) for word in words[2:6])
            if not all(math.isfinite(v) for v in (x, y, z, radius)):
                raise ValueError
        except ValueError:
            raise RequestError(
                f"swc, line {number}: expected 'id type x y z radius parent', got {line!r:.80}"
            ) from None
        if node in rows:
            raise RequestError(f"swc, line {number}: the id {node} comes twice")
        rows[node] = kind, (x, y, z), radius, above
    if not rows:
        raise RequestError("swc: there is no node in it")
    order = parents_first({node: row[3] if row[3] >= 0 else None for node, row in rows.items()})
    place = {node: i for i, node in enumerate(order)}
    types = sorted({row[0] for row in rows.values()} | set(named))
    return Tree.of(
        [rows[node][1] for node in order],
        [place.get(rows[node][3], -1) for node in order],
        [rows[node][2] for node in order],
        [types.index(rows[node][0]) for node in order],
        tuple(named.get(t, _STANDARD.get(t, f"type {t}")) for t in types),
        [spheres.get(node, 0.0) for node in order],
    )


def parents_first(parents: Mapping[_Id, _Id | None]) -> Sequence[_Id]:
    """The ids in an order in which each comes after its parent; theirs where that is one already.

    Raises:
        RequestError: a parent is missing, or ids are their own ancestors.
    """
    done: dict[_Id, None] = {}
    for first in parents:
        chain: dict[_Id, None] = {}
        node: _Id | None = first
        while node is not None and node not in done:
            if node in chain:
                raise RequestError(f"the node {node} is its own ancestor: this is no tree")
            if node not in parents:
                raise RequestError(f"the parent {node} of node {list(chain)[-1]} is missing")
            chain[node] = None
            node = parents[node]
        done.update(dict.fromkeys(reversed(chain)))
    return list(done)


def _note(words: list[str], named: dict[int, str], spheres: dict[int, float]) -> None:
    """Take what a comment of tenfold's tells; others' are passed over."""
    if len(words) >= 3 and words[0] == "kind" and words[1].isdigit():
        named[int(words[1])] = " ".join(words[2:])
    elif len(words) == 3 and words[0] == "sphere" and words[1].isdigit():
        spheres[int(words[1])] = float(words[2])
