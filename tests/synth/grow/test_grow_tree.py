"""Trees as graphs: their measures, and what files keep of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.errors import MissingExtraError, RequestError
from tenfold.synth.grow import (
    Ducts,
    Tree,
    graphml_of,
    networkx_of,
    swc_of,
    tree_of_graphml,
    tree_of_swc,
)

Y_SHAPE = Tree.of(
    [[0, 0, 0], [0, 0, 3], [0, 0, 5], [3, 4, 5], [-1, 0, 5]],
    [-1, 0, 1, 2, 2],
    [2.0, 2.0, 1.5, 1.0, 0.5],
)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    count = draw(st.integers(1, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    parents = [-1, *(int(random.integers(-1 if i % 7 == 0 else 0, i)) for i in range(1, count))]
    return Tree.of(
        random.normal(0, 1e3, (count, 3)),
        parents,
        random.lognormal(0, 3, count),
        random.integers(0, 3, count),
        ("duct", "blood vessel <&>", "unused, perhaps"),
        np.where(random.random(count) < 0.3, random.lognormal(0, 1, count), 0),
    )


def same(a: Tree, b: Tree) -> bool:
    return json.dumps(a.to_json()) == json.dumps(b.to_json())


def test_measures_of_a_fork() -> None:
    assert Y_SHAPE.segments().tolist() == [1, 2, 3, 4]
    assert Y_SHAPE.lengths().tolist() == [3, 2, 5, 1]
    assert Y_SHAPE.tips().tolist() == [3, 4]
    assert Y_SHAPE.children().tolist() == [1, 1, 2, 0, 0]
    assert Y_SHAPE.generations().tolist() == [0, 0, 0, 1, 1]
    assert Y_SHAPE.strahler().tolist() == [2, 2, 2, 1, 1]
    low, high = Y_SHAPE.bounds()
    assert low.tolist() == [-2, -2, -2]
    assert high.tolist() == [4, 5, 6.5]


def test_capsules_taper_along_a_branch_and_begin_anew_at_forks() -> None:
    starts, ends, first, last = Y_SHAPE.capsules()
    assert starts.tolist() == Y_SHAPE.nodes[[0, 1, 2, 2]].tolist()
    assert ends.tolist() == Y_SHAPE.nodes[1:].tolist()
    assert first.tolist() == [2, 2, 1, 0.5]
    assert last.tolist() == [2, 1.5, 1, 0.5]
    centres, radii = Y_SHAPE.spheres()
    assert centres.shape == (0, 3)
    assert radii.shape == (0,)


def test_strahler_numbers_of_a_known_river() -> None:
    """A side stream of lower order leaves the number as it is; two of 2 make 3."""
    #        0 - 1 - (2 - (3, 4)), (5 - (6, 7)); 1 - 8
    tree = Tree.of(np.arange(27).reshape(9, 3), [-1, 0, 1, 2, 2, 1, 5, 5, 1], np.ones(9))
    assert tree.strahler().tolist() == [3, 3, 2, 1, 1, 2, 1, 1, 1]


@pytest.mark.parametrize("n", [1, 2, 6])
def test_full_binary_trees(n: int) -> None:
    tree = Ducts(generations=n).grow(0)
    assert int(tree.strahler().max()) == n
    assert int(tree.generations().max()) == n - 1
    centres, radii = tree.spheres()
    assert len(radii) == len(centres) == 2 ** (n - 1)


@given(tree=trees())
@settings(max_examples=60, deadline=None)
def test_files_keep_everything(tree: Tree) -> None:
    assert same(Tree.of_json(json.loads(json.dumps(tree.to_json()))), tree)
    assert same(tree_of_swc(swc_of(tree)), tree)
    assert same(tree_of_graphml(graphml_of(tree)), tree)


def test_swc_of_other_programs_is_read() -> None:
    tree = tree_of_swc(
        "# a neuron, children before their parents\n\n"
        " 7 3 0 0 2 0.5 3 # a tip\n"
        "3 3 0 0 1 0.75 1\n"
        "1 1 0 0 0 4 -1\n"
    )
    assert tree.parents.tolist() == [-1, 0, 1]
    assert tree.nodes[:, 2].tolist() == [0, 1, 2]
    assert tree.radii.tolist() == [4, 0.75, 0.5]
    assert [tree.names[k] for k in tree.kinds] == ["soma", "basal dendrite", "basal dendrite"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no node"),
        ("1 1 0 0 0 1", "line 1"),
        ("1 1 0 0 0 1 -1\n2 1 0 0 x 1 1", "line 2"),
        ("1 1 0 0 nan 1 -1", "line 1"),
        ("1 1 0 0 0 1 -1\n1 1 0 0 0 1 -1", "comes twice"),
        ("1 1 0 0 0 1 9", "parent 9 of node 1 is missing"),
        ("1 1 0 0 0 1 2\n2 1 0 0 0 1 1", "own ancestor"),
        ("1 1 0 0 0 0 -1", "positive"),
        ("# sphere 1 x\n1 1 0 0 0 1 -1", "line 1"),
    ],
)
def test_swc_that_is_no_tree(text: str, told: str) -> None:
    with pytest.raises(RequestError, match=told):
        tree_of_swc(text)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<graph ", "<grape ", "XML"),
        ('id="n3"', 'id="n9"', "missing"),
        ('source="n0" target="n1"', 'source="n4" target="n1"', "own ancestor"),
        ('source="n2" target="n4"', 'source="n2" target="n3"', "two edges"),
        ('<data key="radius">2.0', '<data key="radius">x', "no number 'radius'"),
        ("<graphml", "<!DOCTYPE g [<!ENTITY e 'x'>]><graphml", "XML"),
    ],
)
def test_graphml_that_is_no_tree(old: str, new: str, told: str) -> None:
    text = graphml_of(Y_SHAPE)
    assert old in text
    if "DOCTYPE" in new:
        text = text[text.index("<graphml") :]
    with pytest.raises(RequestError, match=told):
        tree_of_graphml(text.replace(old, new, 1))


def test_networkx_reads_the_file_and_gets_the_same_graph(tmp_path: Any) -> None:
    networkx = pytest.importorskip("networkx", reason="needs the extra 'graph'")
    tree = Ducts(generations=5).grow(1)
    graph = networkx_of(tree)
    assert networkx.is_arborescence(graph)
    assert [n for n, degree in graph.out_degree() if not degree] == tree.tips().tolist()
    lengths = [graph.edges[int(tree.parents[e]), e]["length"] for e in tree.segments().tolist()]
    assert lengths == tree.lengths().tolist()
    (tmp_path / "tree.graphml").write_text(graphml_of(tree))
    read = networkx.read_graphml(tmp_path / "tree.graphml")
    assert dict(read.nodes(data=True)) == {f"n{n}": d for n, d in graph.nodes(data=True)}
    assert list(read.edges(data=True)) == [
        (f"n{a}", f"n{b}", d) for a, b, d in graph.edges(data=True)
    ]
    assert (read.graph["unit"], read.graph["kinds"]) == ("um", '["duct"]')
    networkx.write_graphml(graph, tmp_path / "theirs.graphml")
    assert same(tree_of_graphml((tmp_path / "theirs.graphml").read_text()), tree)


def test_without_networkx_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "networkx", None)
    with pytest.raises(MissingExtraError, match=r"tenfold\[graph\]"):
        networkx_of(Y_SHAPE)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"nodes": []}, "nodes"),
        ({"nodes": "abc"}, "numbers"),
        ({"nodes": [[0, 0, 0], [1]]}, "numbers"),
        ({"parents": [-1, None]}, "numbers"),
        ({"nodes": [[0, 0, np.nan]] * 2}, "finite"),
        ({"radii": [1.0]}, "radii"),
        ({"radii": [1.0, 0.0]}, "positive"),
        ({"parents": [-1, 1]}, "after its parent"),
        ({"parents": [1, -1]}, "after its parent"),
        ({"parents": [-2, 0]}, "after its parent"),
        ({"kinds": [0, 1]}, "kinds"),
        ({"spheres_at": [0.0, -1.0]}, "positive"),
    ],
)
def test_what_is_no_tree_is_refused(change: dict[str, Any], told: str) -> None:
    good: dict[str, Any] = {
        "nodes": [[0, 0, 0], [0, 0, 1]],
        "parents": [-1, 0],
        "radii": [1.0, 1.0],
    }
    Tree.of(**good)
    with pytest.raises(RequestError, match=told):
        Tree.of(**{**good, **change})
    with pytest.raises(RequestError, match="'radii'"):
        Tree.of_json({"nodes": [], "parents": []})
