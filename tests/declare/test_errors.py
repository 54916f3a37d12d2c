"""Broken recipes: the message names the line, the value and the cure."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.declare import yaml_text
from tenfold.declare.parse import load_recipe, recipe_from_plain
from tenfold.errors import RecipeError, RequestError, TenfoldError

HEAD = "version: 1\ninvariances:\n"
MODELS = HEAD + "  - rotation\ngenerators:\n"
PASTE = HEAD + "  - rotation\ncompose:\n"

BROKEN: dict[str, tuple[Any, ...]] = {
    # unknown names, each with ours
    "op misspelled": (HEAD + "  - rotaton: 15\n", 3, "'rotaton'", "did you mean 'rotation'?"),
    "op of others": (HEAD + "  - rotate: 15\n", 3, "'rotate'", "did you mean 'rotation'?"),
    "flip": (HEAD + "  - rotation\n  - flip\n", 4, "'flip'", "did you mean 'reflection'?"),
    "hflip": (HEAD + "  - hflip: 0.5\n", 3, "did you mean 'reflection: horizontal'?"),
    "class name": (HEAD + "  - HorizontalFlip\n", 3, "did you mean 'reflection: horizontal'?"),
    "class name of ours": (HEAD + "  - GridDistortion\n", 3, "did you mean 'grid_distortion'?"),
    "dashes": (HEAD + "  - grid-distortion\n", 3, "did you mean 'grid_distortion'?"),
    "elastic": (HEAD + "  - elastic_transform: 1\n", 3, "did you mean 'elastic'?"),
    "capital": (HEAD + "  - Rotation: 1\n", 3, "did you mean 'rotation'?"),
    "alias misspelled": (HEAD + "  - elastic_trasform: 1\n", 3, "did you mean 'elastic'?"),
    "nothing near": (HEAD + "  - xyzzy\n", 3, "'xyzzy'", "known: rotation, reflection"),
    "key misspelled": ("version: 1\nintepolation: linear\n", 2, "did you mean 'interpolation'?"),
    "key of others": ("version: 1\ntransforms: []\n", 2, "did you mean 'invariances'?"),
    "op at the top": ("version: 1\nrotation: 15\n", 2, "'rotation'", "- rotation: ..."),
    "alias at the top": ("version: 1\nhflip: 15\n", 2, "called 'reflection: horizontal'"),
    "key unknown": ("version: 1\nqqqq: 15\n", 2, "'qqqq'", "known: version, name"),
    "parameter misspelled": (
        HEAD + "  - rotation:\n      degres: 3\n", 4, "'degres'", "did you mean 'degrees'?",
    ),
    "parameter of others": (
        HEAD + "  - rotation: {degrees: 3,\n      p: 0.5}\n", 4, "did you mean 'probability'?",
    ),
    "main under another name": (HEAD + "  - rotation: {limit: 3}\n", 3, "mean 'degrees'?"),
    "parameter unknown": (HEAD + "  - rotation: {qqq: 3}\n", 3, "it has probability, exact, deg"),
    # wrong types and ranges
    "too much": (HEAD + "  - rotation: 540\n", 3, "degrees", "540", "did you mean"),
    "too much, as written": (HEAD + "  - rotation: 400\n", 3, "got 400;", "mean 180?"),
    "around one": (
        HEAD + "  - scaling: 1.2\n", 3, "1.2 means 1 ± 1.2, that is -0.2 to 2.2", "[0.83, 1.2]?",
    ),
    "of 255": (HEAD + "  - brightness: 30\n", 3, "got 30;", "30 of 255 is 0.118"),
    "noise of 255": (HEAD + "  - gaussian_noise: 25.5\n", 3, "25.5 of 255 is 0.1"),
    "pixels of a crop": (HEAD + "  - crop: 224\n", 3, "crop: {height: 224, width: 224}"),
    "resize": (HEAD + "  - Resize: 224\n", 3, "crop: {area: 1, aspect: 1, height: 224"),
    "a word for a range": (HEAD + "  - rotation: abc\n", 3, "must be a number, [low", "'abc'"),
    "mosaic": (HEAD + "  - Mosaic\n", 3, "'Mosaic' mixes several images", "docs/mixing.md"),
    "mixup": (HEAD + "  - MixUp: 0.2\n", 3, "docs/mixing.md"),
    "cutmix": (HEAD + "  - cutmix\n", 3, "docs/mixing.md"),
    "one of": (HEAD + "  - OneOf: [rotation]\n", 3, "a probability of its own", "trivial or rand"),
    "sequential": (HEAD + "  - Sequential: []\n", 3, "with its probability"),
    "compose": (HEAD + "  - Compose\n", 3, "each invariance under 'invariances:'"),
    "normalize": (HEAD + "  - Normalize\n", 3, "belongs in the training loop"),
    "to tensor": (HEAD + "  - ToTensor\n", 3, "belongs in the training loop"),
    "to tensor 2": (HEAD + "  - ToTensorV2\n", 3, "belongs in the training loop"),
    "too much, deep": (
        HEAD + "  - scaling:\n      probability: 1\n      factor: [0.5, 200]\n",
        5, "200", "mean 20?",
    ),
    "upside down": (HEAD + "  - rotation: [15, -15]\n", 3, "did you mean [-15, 15]?"),
    "probability": (HEAD + "  - rotation: {probability: 50}\n", 3, "within 0..1", "50", "mean 1?"),
    "text for a number": (HEAD + "  - rotation: lots\n", 3, "'lots'"),
    "quoted number": (HEAD + "  - rotation: '15'\n", 3, "'15'"),
    "three ends": (HEAD + "  - rotation: [1, 2, 3]\n", 3, "[low, high]"),
    "half a range": (HEAD + "  - rotation: {low: 3}\n", 3, "low and high"),
    "range key": (
        HEAD + "  - rotation:\n      degrees: {low: 1, high: 2,\n        distribtion: normal}\n",
        5, "'distribtion'", "did you mean 'distribution'?",
    ),
    "distribution": (
        HEAD + "  - rotation: {low: 1, high: 2, distribution: gausian}\n", 3, "'gausian'", "normal",
    ),
    "loguniform": (
        HEAD + "  - rotation: {low: -1, high: 2, distribution: loguniform}\n", 3, "positive",
    ),
    "infinite": (HEAD + "  - rotation: .inf\n", 3, "finite"),
    "not a number": (HEAD + "  - rotation: [.nan, 1]\n", 3, "finite"),
    "beyond floats": (HEAD + f"  - rotation: 1{'0' * 400}\n", 3, "rotation: degrees"),
    "digits without end": (HEAD + f"  - rotation: 1{'0' * 5000}\n", 3, "can't be read as int"),
    "true": (HEAD + "  - rotation: true\n", 3, "write '- rotation' alone"),
    "false": (HEAD + "  - rotation: false\n", 3, "remove the line"),
    "yes is a word": (HEAD + "  - reflection: {exact: yes}\n", 3, "true or false", "'yes'"),
    "axis": (HEAD + "  - reflection: sideways\n", 3, "'sideways'", "horizontal, vertical"),
    "exact without a group": (HEAD + "  - scaling: {exact: true}\n", 3, "no group", "remove"),
    # shape of the list
    "parameters beside": (
        HEAD + "  - rotation: 15\n    probability: 0.5\n", 3, "- rotation: {probability: ...}",
    ),
    "two in one item": (HEAD + "  - rotation: 15\n    scaling: 0.1\n", 3, "a dash of its own"),
    "torch style": (HEAD + "  - name: rotation\n    degrees: 15\n", 3, "- rotation: {parameter"),
    "number in the list": (HEAD + "  - 15\n", 3, "got 15"),
    "list in the list": (HEAD + "  - [rotation, 15]\n", 3, "- name: value"),
    "nothing in the list": (HEAD + "  - \n", 3, "got None"),
    "empty list": ("version: 1\ninvariances: []\n", 2, "invariances is empty", "- rotation: 15"),
    "no list": ("version: 1\ninvariances:\n", 2, "invariances is empty"),
    "a number": ("version: 1\ninvariances: 3\n", 2, "must be a list, got 3"),
    # versions
    "newer": ("name: x\nversion: 2\nhorizons: []\n", 2, "needs a newer tenfold", "--upgrade"),
    "version text": ("version: one\ninvariances: [rotation]\n", 1, "'one'", "version: 1"),
    "version real": ("version: 1.0\ninvariances: [rotation]\n", 1, "1.0", "write 'version: 1'"),
    "version true": ("version: true\ninvariances: [rotation]\n", 1, "write 'version: 1'"),
    "version zero": ("version: 0\ninvariances: [rotation]\n", 1, "never existed"),
    # settings
    "border": (HEAD + "  - rotation\nborder: mirror\n", 4, "'mirror'", "did you mean 'reflect'?"),
    "border number": (HEAD + "  - rotation\nborder: 0.5\n", 4, "{mode: constant, value: 0.5}"),
    "border value": (
        HEAD + "  - rotation\nborder:\n  mode: constant\n  value: 128\n", 6, "128", "0..1",
    ),
    "border mode": (HEAD + "  - rotation\nborder:\n  mode: zeros\n", 5, "mean 'constant'?"),
    "border contradiction": (
        HEAD + "  - rotation\nborder: {mode: reflect, value: 0.5}\n", 4, "no meaning for mode refl",
    ),
    "border key": (HEAD + "  - rotation\nborder: {mod: wrap}\n", 4, "did you mean 'mode'?"),
    "border without mode": (HEAD + "  - rotation\nborder: {value: 0}\n", 4, "no mode"),
    "interpolation": (HEAD + "  - rotation\ninterpolation: bilinear\n", 4, "mean 'linear'?"),
    "invalid": (HEAD + "  - rotation\ninvalid: error\n", 4, "did you mean 'raise'?"),
    "name": (HEAD + "  - rotation\nname: 5\n", 4, "must be a text", "quotes"),
    "name null": (HEAD + "  - rotation\nname:\n", 4, "must be a text"),
    "pair": (HEAD + "  - rotation\nkeypoint_pairs: [1, 2]\n", 4, "pairs [left, right], got 1"),
    "pair twice": (HEAD + "  - rotation\nmask_pairs: [[1, 2], [2, 3]]\n", 4, "2 stands in two"),
    "pair negative": (HEAD + "  - rotation\nmask_pairs: [[-1, 2]]\n", 4, "got -1"),
    "levels": (HEAD + "  - invert\nvalue_range: 255\n", 4, "two numbers [black, white], got 255"),
    "levels three": (HEAD + "  - invert\nvalue_range: [0, 1, 2]\n", 4, "two numbers"),
    "levels text": (HEAD + "  - invert\nvalue_range: [a, b]\n", 4, "value_range", "'a'"),
    "levels infinite": (HEAD + "  - invert\nvalue_range: [0, .inf]\n", 4, "value_range", "inf"),
    "levels upside down": (
        HEAD + "  - invert\nvalue_range: [3000, -1000]\n", 4, "did you mean [-1000, 3000]?",
    ),
    "levels empty": (HEAD + "  - invert\nvalue_range: [5, 5]\n", 4, "empty", "must differ"),
    "ignore": (HEAD + "  - rotation\nignore_value: -1\n", 4, "got -1", "mean 0?"),
    "visibility": (HEAD + "  - rotation\nmin_visibility: 30\n", 4, "30", "0..1"),
    # generators
    "shares": (
        f"{MODELS}  - {{model: a, share: 0.6}}\n  - {{model: b}}\n", 6, "sum to 1.1", "only 1",
    ),
    "share over 1": (f"{MODELS}  - model: a\n    share: 2\n", 6, "share", "0..1", "got 2"),
    "no model": (f"{MODELS}  - share: 0.5\n", 5, "has no model", "tenfold fit"),
    "model's name alone": (f"{MODELS}  - a\n", 5, "'- model: a'"),
    "no list of models": (f"{MODELS}  model: a\n", 4, "must be a list", "- model"),
    "generator's key": (f"{MODELS}  - model: a\n    stength: 1\n", 6, "mean 'strength'?"),
    "another's key": (f"{MODELS}  - model: a\n    lambda: 1\n", 6, "mean 'strength'?"),
    "strength upside down": (f"{MODELS}  - model: a\n    strength: [2, 1]\n", 6, "mean [1, 2]?"),
    "strength of three": (f"{MODELS}  - model: a\n    strength: [1, 2, 3]\n", 6, "[low, high]"),
    "strength below 0": (f"{MODELS}  - model: a\n    strength: -1\n", 6, "0..1000", "got -1"),
    "strength in words": (f"{MODELS}  - model: a\n    strength: much\n", 6, "number", "'much'"),
    "metric": (f"{MODELS}  - model: a\n    metric: cosin\n", 6, "mean 'cosine'?"),
    "neighbours": (f"{MODELS}  - model: a\n    neighbours: 0\n", 6, "1..10000", "got 0"),
    "transforms": (f"{MODELS}  - model: a\n    transforms: some\n", 6, "true or false"),
    "generator": (f"{HEAD}  - rotation\ngenerator: a\n", 4, "mean 'generators'?"),
    # compose
    "compose's key": (f"{PASTE}  objets: 3\n", 5, "'objets'", "mean 'objects'?"),
    "compose's key of others": (f"{PASTE}  p: 0.5\n", 5, "mean 'share'?"),
    "compose's share": (f"{PASTE}  share: 2\n", 5, "share", "0..1", "got 2"),
    "no objects": (f"{PASTE}  objects: 0\n", 5, "objects", "1..1000", "got 0"),
    "objects of three": (f"{PASTE}  objects: [1, 2, 3]\n", 5, "[low, high]"),
    "objects upside down": (f"{PASTE}  objects: [4, 1]\n", 5, "mean [1, 4]?"),
    "half an object": (f"{PASTE}  objects: 1.5\n", 5, "whole number"),
    "blend": (f"{PASTE}  blend: fether\n", 5, "mean 'feather'?"),
    "backgrounds": (f"{PASTE}  backgrounds: none\n", 5, "set, inpainted"),
    "compose a list": (f"{PASTE}  - share: 1\n", 4, "must be a mapping such as {share: 0.5}"),
    "compose a number": (f"{HEAD}  - rotation\ncompose: 0.3\n", 4, "write {share: 0.3}"),
    "copy_paste": (f"{HEAD}  - rotation\ncopy_paste: 1\n", 4, "mean 'compose'?"),
    # text that isn't a recipe
    "tab": ("version: 1\ninvariances:\n\t- rotation\n", 3, "a tab", "spaces"),
    "unclosed": (HEAD + "  - rotation: [1, 2\n", 4, "not valid YAML"),
    "colon in text": ("version: 1\nassumes: round: yes\n", 2, "quote"),
    "twice": (HEAD + "  - rotation: {degrees: 1,\n     degrees: 2}\n", 4, "twice", "line 3"),
    "top twice": ("version: 1\nname: a\nname: b\n", 3, "'name' stands here twice", "line 2"),
    "two documents": (HEAD + "  - rotation\n---\nversion: 1\n", 4, "one recipe a file"),
    "python tag": (HEAD + "  - !!python/object/apply:os.system [ls]\n", 3, "tag", "remove"),
    "tag on a mapping": (HEAD + "  - rotation: !!python/dict {degrees: 1}\n", 3, "tag"),
    "own tag": (HEAD + "  - rotation: !degrees 5\n", 3, "tag", "remove"),
    "binary": (HEAD + "  - rotation: !!binary aGk=\n", 3, "tag"),
    "list as key": (HEAD + "  - ? [a, b]\n    : 1\n", 3, "a key must be a word"),
    "loop": (HEAD + "  - &a [*a]\n", None, "too deep"),
    "star": (HEAD + "  - rotation: *x\n", 3, "not valid YAML", "quote"),
    "half a character": ('version: 1\nname: "\\ud800"\n', 2, "half a character"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_recipes(case: str, tmp_path: Path) -> None:
    text, line, *fragments = BROKEN[case]
    path = tmp_path / "r.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    message = str(caught.value)
    assert caught.value.file == str(path)
    if line is not None:
        assert caught.value.line == line, message
        assert message.startswith(f"{path}, line {line}: ")
    for fragment in fragments:
        assert str(fragment) in message
    assert "\n" not in message
    with pytest.raises(RecipeError) as again:
        load_recipe(text)
    assert again.value.message == caught.value.message
    assert str(again.value).startswith("recipe")


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("\n", "is empty"),
        ("# nothing\n", "is empty"),
        ("- rotation: 15\n- hflip\n", "put the list under 'invariances:'"),
        ("just words\nand more\n", "must be a mapping"),
        ("name: x\n", "version"),
        ("version: 1\n", "has no invariances"),
        ("{}", "has no version"),
        (f"a: {'x' * yaml_text.MAX_BYTES}", "is it a recipe?"),
        ("[" * 5000 + "\n", "nested too deeply"),
        ("a:\n" + "".join("  " * i + "- \n" for i in range(1, 60)), "nested too deeply"),
        ("a: \x00\n", "not valid YAML"),
    ],
)
def test_what_is_no_recipe_at_all(text: str, fragment: str) -> None:
    with pytest.raises(RecipeError, match="recipe") as caught:
        load_recipe(text)
    assert fragment in str(caught.value)
    assert len(str(caught.value)) < 300


def test_alias_bombs_end_early() -> None:
    rows = ["version: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(RecipeError, match="aliases expanded"):
        load_recipe("\n".join(rows))


def test_honest_aliases_work() -> None:
    recipe = load_recipe(
        "version: 1\ninvariances:\n  - scaling: &s {factor: 0.2}\n  - scaling: *s\n"
    )
    assert recipe.ops[0] == recipe.ops[1]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no such recipe file; known presets: natural"):
        load_recipe(tmp_path / "absent.yaml")
    with pytest.raises(RecipeError, match="'medical' is a preset: ask for it with --preset med"):
        load_recipe("medical")
    with pytest.raises(RecipeError, match="did you mean 'medical'"):
        load_recipe("medcal")
    with pytest.raises(RecipeError, match="is a folder"):
        load_recipe(tmp_path)
    with pytest.raises(RecipeError):
        load_recipe("")
    with pytest.raises(RecipeError, match="can't be read"):
        load_recipe("a\0b")
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"version: 1\nname: caf\xe9\n")
    with pytest.raises(RecipeError, match="line 2: is not UTF-8"):
        load_recipe(path)
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.yaml"))
    with pytest.raises(RecipeError) as caught:
        load_recipe(odd)
    str(caught.value).encode("utf-8")  # can be printed


def test_plain_data_needs_no_lines() -> None:
    with pytest.raises(RecipeError) as caught:
        recipe_from_plain({"version": 1, "invariances": [{"rotation": {"degrees": 540}}]})
    assert str(caught.value).startswith("recipe: rotation: degrees: must be within")
    assert caught.value.line is None
    assert isinstance(caught.value, RequestError)
    assert caught.value.exit_code == 2


def test_every_way_to_write_an_invariance() -> None:
    whole = load_recipe("version: 1\ninvariances:\n- rotation: {degrees: [-20, 20]}\n")
    ways = (
        "[{rotation: 20}]", "[rotation: 20]", "{rotation: 20}", "[{rotation: [-20, 20]}]",
        "[{rotation: {low: -20, high: 20}}]", "[{rotation: {degrees: 2e1}}]",
        "[{rotation: {degrees: {low: -20, high: 20, distribution: uniform}}}]",
        "\n  rotation:\n    degrees: 20", "\n- rotation:\n    degrees: [-2.0e+1, 20.]",
    )  # fmt: skip
    for way in ways:
        assert load_recipe(f"version: 1\ninvariances: {way}\n") == whole, way
    bare = load_recipe("version: 1\ninvariances: rotation\n")
    for way in ("[rotation]", "{rotation: }", "[rotation: ]", "[{rotation: {}}]", "{rotation: ~}"):
        assert load_recipe(f"version: 1\ninvariances: {way}\n") == bare, way


def test_scalars_follow_yaml_1_2() -> None:
    text = "[1e-3, 1e3, .5, -3., 0x10, 0o17, 017, on, off, yes, no, y, null, ~, true, 1_000, 1:30]"
    data, _ = yaml_text.read(text)
    assert data == [
        1e-3, 1e3, 0.5, -3.0, 16, 15, 17, "on", "off", "yes", "no", "y", None, None, True,
        "1_000", "1:30",
    ]  # fmt: skip
    assert isinstance(data[1], float)
    assert yaml_text.read("[2024-01-01, <<, =]")[0] == ["2024-01-01", "<<", "="]


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
words = st.sampled_from(
    ["rotation", "reflection", "degrees", "axes", "low", "high", "border", "mode", "exact"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries(
        {"version": st.just(1), "invariances": st.lists(
            st.dictionaries(words, st.dictionaries(words, json_like) | json_like, max_size=2)
            | json_like)},
        optional={"border": json_like, "keypoint_pairs": json_like, "min_area": json_like},
    )
)  # fmt: skip
def test_any_plain_data_is_a_recipe_or_a_recipe_error(data: object) -> None:
    with contextlib.suppress(RecipeError):
        recipe_from_plain(data)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="version: 1\n-[]{}&*!|>'\"#rotation.e,?%@`\t"))
def test_any_text_is_a_recipe_or_an_error_on_purpose(text: str) -> None:
    with contextlib.suppress(TenfoldError):
        load_recipe("version: 1\n" + text)
