"""YAML (and so JSON) text to plain data with the line of every value, and back.

Stricter than a stock YAML loader, since recipes come from strangers: no tags, no objects, no
duplicate keys, bounded size, depth and expansion. Scalars follow YAML 1.2's core schema:
`1e-3` is a number, and `on`, `off`, `yes` and `no` are words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from tenfold.errors import RecipeError

Path = tuple[str | int, ...]
"""Where a value sits in plain data: keys and indices from the top."""

Lines = Mapping[Path, int]
"""1-based line of each value: of its key in a mapping, of its start in a list."""

MAX_BYTES = 256 * 1024
"""Longest recipe text; the longest sensible recipe is some hundred times shorter."""

MAX_NODES = 20_000
"""Most values in a recipe after aliases are expanded (against alias bombs)."""

MAX_DEPTH = 32
"""Deepest nesting; a recipe needs five levels."""

_CORE = (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", "~nN\0"),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
)
"""Tag, pattern and first characters of YAML 1.2's core schema (spec 10.3.2), in order."""


_LINE_ENDS = frozenset("\r\x85\u2028\u2029")


class _Loader(yaml.SafeLoader):
    """Composes nodes with the core schema's scalars."""


class _Dumper(yaml.SafeDumper):
    """Quotes every string that YAML 1.1 or 1.2 readers would take for something else."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent list items under their key, as people write them."""
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write repeated values in full."""
        return True


class Flow(dict[str, Any]):
    """A mapping that `dump` writes on one line."""


_Loader.yaml_implicit_resolvers = {}
_Dumper.yaml_implicit_resolvers = {k: list(v) for k, v in _Dumper.yaml_implicit_resolvers.items()}
for _tag, _pattern, _first in _CORE:
    for _cls in (_Loader, _Dumper):
        _starts = [c if c != "\0" else "" for c in _first]
        _cls.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _starts)
_Dumper.add_representer(
    Flow, lambda d, data: d.represent_mapping("tag:yaml.org,2002:map", data.items(), True)
)
_Dumper.add_representer(
    str,
    # PyYAML's plain and single-quoted styles lose line ends that aren't \n beside spaces.
    lambda d, data: d.represent_scalar(
        "tag:yaml.org,2002:str", data, '"' if set(data) & _LINE_ENDS else None
    ),
)
_Dumper.add_representer(
    list, lambda d, data: d.represent_sequence("tag:yaml.org,2002:seq", data, _is_short(data))
)


def read(text: str, file: str | None = None) -> tuple[Any, dict[Path, int]]:
    """Plain data (dict, list, str, int, float, bool, None) and the line of each value.

    Args:
        text: YAML or JSON.
        file: its name, for messages.

    Raises:
        RecipeError: not YAML, several documents, a tag, a key twice, too long or too deep.
    """
    if len(text) > MAX_BYTES:
        raise RecipeError(
            f"is {len(text)} characters long, more than the {MAX_BYTES} that a recipe may have; "
            "is it a recipe?",
            None,
            file or "recipe",
        )
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        text = text.replace("\t", " ")  # JSON may indent with tabs, YAML may not
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, file) from None
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        raise RecipeError(f"is not valid YAML: {reason}", None, file or "recipe") from None
    except RecursionError:
        raise RecipeError("is nested too deeply to be a recipe", None, file or "recipe") from None
    lines: dict[Path, int] = {}
    if node is None:
        return None, lines
    return _Walk(lines, file).value(node, ()), lines


def dump(data: Mapping[str, Any]) -> str:
    """Plain data as YAML, keys in the given order."""
    return str(
        yaml.dump(
            dict(data),
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            default_flow_style=False,
            width=96,
        )
    )


def _is_short(items: list[Any]) -> bool:
    """Lists of numbers, of words and of pairs go on one line; of ops they don't."""
    return not any(isinstance(i, dict) for i in items)


def _syntax_error(error: yaml.MarkedYAMLError, file: str | None) -> RecipeError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else None
    problem = error.problem or error.context or "can't be read"
    cure = ""
    if "\\t" in problem:
        problem, cure = "a tab", "; indent with spaces"
    elif "expected a single document" in (error.context or ""):
        problem, cure = "a second document after '---'", "; keep one recipe a file"
    elif "mapping values are not allowed" in problem:
        cure = "; quote texts that contain ': ', and check the indentation"
    elif "expected <block end>" in problem or "could not find expected ':'" in problem:
        cure = "; check the indentation, and that a space follows each ':' and '-'"
    elif "undefined alias" in problem:
        cure = "; quote texts that begin with '*'"
    return RecipeError(f"is not valid YAML: {problem}{cure}", line, file)


_TAGS = {f"tag:yaml.org,2002:{t}" for t in ("null", "bool", "int", "float", "str", "seq", "map")}
_SCALARS: dict[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": lambda word: {"true": True, "false": False}[word],
    "int": lambda word: int(word, {"0o": 8, "0x": 16}.get(word[:2], 10)),
    "float": lambda word: float(word.replace(".inf", "inf").replace(".nan", "nan")),
}


class _Walk:
    """Turns nodes into plain data, counting."""

    def __init__(self, lines: dict[Path, int], file: str | None) -> None:
        self.lines, self.file, self.nodes = lines, file, 0

    def fail(self, message: str, node: yaml.Node) -> RecipeError:
        return RecipeError(message, node.start_mark.line + 1, self.file)

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.fail(f"a recipe may hold {MAX_NODES} values, aliases expanded", node)
        if len(path) > MAX_DEPTH:
            raise self.fail("nested too deeply to be a recipe", node)
        self.lines.setdefault(path, node.start_mark.line + 1)
        if node.tag not in _TAGS:
            raise self.fail(f"the tag {node.tag!r} has no meaning in a recipe; remove it", node)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, i)) for i, child in enumerate(node.value)]
        return self.mapping(node, path)

    def mapping(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.fail("a key must be a word, got a list or mapping", key_node)
            # A key is always a word, whatever it looks like: `1: x` gets "unknown key '1'".
            key = self.text(key_node)
            if key in found:
                first = self.lines[(*path, key)]
                raise self.fail(
                    f"'{key}' stands here twice (first in line {first}); keep one", key_node
                )
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, (*path, key))
        return found

    def scalar(self, node: yaml.ScalarNode) -> Any:
        kind = node.tag.rpartition(":")[2]
        if kind == "str":
            return self.text(node)
        word = str(node.value).lower()
        try:
            return _SCALARS[kind](word)
        except (ValueError, KeyError):  # a number of too many digits, or `!!int word`
            raise self.fail(f"{word[:40]!r} can't be read as {kind}", node) from None

    def text(self, node: yaml.ScalarNode) -> str:
        word = str(node.value)
        if any("\ud800" <= c <= "\udfff" for c in word):  # JSON's \ud83d\ude00 is one character
            try:
                word = word.encode("utf-16", "surrogatepass").decode("utf-16")
            except UnicodeDecodeError:
                raise self.fail(
                    "the text holds half a character (a lone surrogate)", node
                ) from None
        return word
