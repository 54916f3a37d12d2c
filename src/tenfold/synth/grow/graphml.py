"""Trees as GraphML and as networkx graphs: nodes with place, radius and kind; edges with length.

Brandes et al., "GraphML progress report", Graph Drawing 2001.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as Written  # only writes; what is read goes through defusedxml

from tenfold.errors import MissingExtraError, RequestError
from tenfold.synth.grow.swc import parents_first
from tenfold.synth.grow.tree import Tree

_SPACE = "http://graphml.graphdrawing.org/xmlns"
_NODE = {"x": "double", "y": "double", "z": "double", "radius": "double", "kind": "string",
         "sphere": "double"}  # fmt: skip


def graphml_of(tree: Tree) -> str:
    """The tree as GraphML text, which networkx, igraph, Gephi and yEd read; lengths in um."""
    root = Written.Element("graphml", xmlns=_SPACE)
    for name, kind in _NODE.items():
        _key(root, name, "node", name, kind)
    _key(root, "length", "edge", "length", "double")
    _key(root, "kinds", "graph", "kinds", "string")
    _key(root, "unit", "graph", "unit", "string")
    graph = Written.SubElement(root, "graph", edgedefault="directed")
    _data(graph, "kinds", json.dumps(tree.names))
    _data(graph, "unit", "um")
    for i, told in enumerate(_told(tree)):
        node = Written.SubElement(graph, "node", id=f"n{i}")
        for name, value in told.items():
            _data(node, name, value)
    for end, length in zip(tree.segments().tolist(), tree.lengths().tolist(), strict=True):
        edge = Written.SubElement(graph, "edge", source=f"n{tree.parents[end]}", target=f"n{end}")
        _data(edge, "length", length)
    Written.indent(root)
    return Written.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def tree_of_graphml(text: str) -> Tree:
    """Read GraphML whose nodes have x, y, z and radius (um), and perhaps kind and sphere.

    Raises:
        RequestError: it isn't GraphML of a tree, or a node lacks a number.
    """
    from defusedxml import ElementTree as Safe
    from defusedxml.common import DefusedXmlException

    try:
        root = Safe.fromstring(text)
    except (Safe.ParseError, DefusedXmlException, ValueError) as error:
        raise RequestError(f"graphml: can't be read as XML: {error}") from None
    space = {"g": _SPACE}
    graph = root.find("g:graph", space)
    if graph is None:
        raise RequestError("graphml: there is no <graph> in it")
    names = {key.get("id"): key.get("attr.name") for key in root.findall("g:key", space)}

    def told(element: Any) -> dict[str, str]:
        return {
            str(names.get(data.get("key"))): (data.text or "").strip()
            for data in element.findall("g:data", space)
        }

    nodes = {str(node.get("id")): told(node) for node in graph.findall("g:node", space)}
    parents: dict[str, str | None] = dict.fromkeys(nodes)
    for edge in graph.findall("g:edge", space):
        start, end = str(edge.get("source")), str(edge.get("target"))
        if end not in nodes:
            raise RequestError(f"graphml: an edge ends at node {end}, which is missing")
        if parents[end] is not None:
            raise RequestError(f"graphml: two edges end at node {end}: this is no tree")
        parents[end] = start
    order = parents_first(parents)
    place = {node: i for i, node in enumerate(order)}
    kinds = [nodes[node].get("kind", "branch") for node in order]
    listed = _listed(told(graph).get("kinds", "[]"))
    every = tuple(dict.fromkeys([*listed, *kinds]))
    return Tree.of(
        [[_number(node, nodes[node], axis) for axis in "xyz"] for node in order],
        [-1 if (parent := parents[node]) is None else place[parent] for node in order],
        [_number(node, nodes[node], "radius") for node in order],
        [every.index(kind) for kind in kinds],
        every,
        [_number(node, {"sphere": "0", **nodes[node]}, "sphere") for node in order],
    )


def networkx_of(tree: Tree) -> Any:
    """The tree as a `networkx.DiGraph`, from parents to children; lengths in um.

    Nodes 0, 1, ... have `x`, `y`, `z`, `radius`, `kind` and `sphere` (0 for none); edges `length`.

    Raises:
        MissingExtraError: networkx isn't installed (extra `graph`).
    """
    try:
        import networkx
    except ImportError:
        raise MissingExtraError("a networkx graph", "graph") from None
    graph = networkx.DiGraph(unit="um", kinds=json.dumps(tree.names))
    graph.add_nodes_from(enumerate(_told(tree)))
    for end, length in zip(tree.segments().tolist(), tree.lengths().tolist(), strict=True):
        graph.add_edge(int(tree.parents[end]), end, length=length)
    return graph


def _told(tree: Tree) -> list[dict[str, Any]]:
    rows = zip(
        tree.nodes.tolist(), tree.radii.tolist(), tree.kinds.tolist(), tree.spheres_at.tolist(),
        strict=True,
    )  # fmt: skip
    return [
        {"x": x, "y": y, "z": z, "radius": radius, "kind": tree.names[kind], "sphere": sphere}
        for (x, y, z), radius, kind, sphere in rows
    ]


def _key(root: Written.Element, identity: str, of: str, name: str, kind: str) -> None:
    told = {"id": identity, "for": of, "attr.name": name, "attr.type": kind}
    Written.SubElement(root, "key", told)


def _data(element: Written.Element, key: str, value: object) -> None:
    Written.SubElement(element, "data", key=key).text = (
        repr(value) if isinstance(value, float) else str(value)
    )


def _number(node: str, told: dict[str, str], name: str) -> float:
    try:
        return float(told[name])
    except (KeyError, ValueError):
        raise RequestError(f"graphml: node {node} has no number '{name}'") from None


def _listed(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [str(name) for name in found] if isinstance(found, list) else []
