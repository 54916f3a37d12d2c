"""Where outputs may go: refusals, shards, resuming and overwriting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from little import (
    GENTLE,
    build,
    folder,
    manifest,
    multiply,
    plain,
    refused,
    save,
    says,
    tenfold,
    tree,
)

from tenfold.engine import local
from tenfold.engine.job import Job
from tenfold.engine.manifest import tree_hash
from tenfold.engine.work import ShardDone, work_shard


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four pictures."""
    return plain(tmp_path / "in", cats=2, dogs=2)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A destination that isn't there."""
    return tmp_path / "out"


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """As by Ctrl-C once so many shards are done."""
    count = iter(range(after))

    def work(job: Job, shard: int) -> ShardDone | None:
        if next(count, None) is None:
            raise KeyboardInterrupt
        return work_shard(job, shard)

    monkeypatch.setattr(local, "work_shard", work)


@pytest.fixture
def half_done(source: Path, out: Path) -> Path:
    """An interrupted run."""
    with pytest.MonkeyPatch.context() as patch:
        interrupt(patch, 2)
        outcome = multiply(source, out)
    assert outcome.code == 130
    says(outcome.err, "interrupted", "--resume")
    assert (out / ".tenfold").is_dir()
    assert not (out / "manifest.jsonl").exists()
    return out


def same_as_undisturbed(source: Path, out: Path) -> None:
    whole = out.with_name("undisturbed")
    assert multiply(source, whole).code == 0
    assert tree(out) == tree(whole)
    assert tree_hash(out) == tree_hash(whole)


@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["run", "dry-run"])
@pytest.mark.parametrize("kind", ["inside", "same", "around", "file", "full"])
def test_destinations_that_are_refused(
    tmp_path: Path, source: Path, kind: str, dry: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("mine")
    save(tmp_path / "full/mine.png", 1)
    destination, words = {
        "inside": (source / "out", ("lies in the source", "outside")),
        "same": (source, ("lies in the source",)),
        "around": (tmp_path, ("source", "lies in the destination")),
        "file": (tmp_path / "file", ("file", "folder")),
        "full": (tmp_path / "full", ("not empty", "new or an empty")),
    }[kind]
    recipe = tmp_path.with_name(tmp_path.name + ".yaml")
    recipe.write_text("version: 1\ninvariances:\n- rotation: 10\n")
    before = tree(tmp_path)
    outcome = tenfold("augment", source, destination, "--recipe", recipe, *dry)
    assert outcome.code == 2, outcome
    says(outcome.err, *words)
    assert tree(tmp_path) == before
    for option in ("--overwrite", "--resume"):  # neither makes these right
        again = tenfold("augment", source, destination, "--recipe", recipe, option, *dry)
        assert again.code == 2, again
        assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "dry",
    [
        (),
        ("--dry-run",),
    ],
    ids=["run", "dry-run"],
)
def test_a_destination_below_a_file(tmp_path: Path, source: Path, dry: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("mine")
    outcome = tenfold("augment", source, tmp_path / "file/out", "--preset", "natural", *dry)
    assert outcome.code == 2, outcome
    says(outcome.err, "file/out")


def test_a_link_into_the_source(tmp_path: Path, source: Path) -> None:
    (tmp_path / "link").symlink_to("in", target_is_directory=True)
    before = tree(source)
    outcome = tenfold("augment", source, tmp_path / "link/out", "--preset", "natural")
    assert outcome.code == 2
    says(outcome.err, "lies in the source")
    assert tree(source) == before


def test_an_empty_folder_and_missing_parents(tmp_path: Path, source: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert multiply(source, tmp_path / "empty").code == 0
    recipe = tmp_path / "gentle.yaml"
    deep = tmp_path / "a/b/c"
    assert tenfold("augment", source, deep, "--recipe", recipe, "--copies", 1).code == 0
    assert len(manifest(deep)) == 8


def test_shards_join(source: Path, out: Path) -> None:
    for shard, left in (("1/3", True), ("0/3", True), ("2/3", False)):
        outcome = multiply(source, out, "--shard", shard)
        assert outcome.code == 0, outcome
        assert ("left to others" in outcome.out) is left
        assert (out / "manifest.jsonl").exists() is not left
    same_as_undisturbed(source, out)
    assert (out / "report.html").is_file()


def test_a_shard_twice_is_done_once(source: Path, out: Path) -> None:
    assert multiply(source, out, "--shard", "0/2").code == 0
    before = tree(out)
    assert multiply(source, out, "--shard", "0/2").code == 0
    assert tree(out) == before
    assert multiply(source, out, "--shard", "1/2", "--resume").code == 0
    same_as_undisturbed(source, out)


def test_more_shards_than_samples(source: Path, out: Path) -> None:
    for i in range(6):
        assert multiply(source, out, "--shard", f"{i}/6").code == 0
    same_as_undisturbed(source, out)


def test_a_shard_of_another_job(source: Path, out: Path) -> None:
    assert multiply(source, out, "--shard", "0/2").code == 0
    before = tree(out)
    outcome = multiply(source, out, "--shard", "1/2", copies=3)
    assert outcome.code == 2
    says(outcome.err, "begun with --copies 2, now 3")
    assert tree(out) == before


def test_quarantined_samples_count_in_every_part(source: Path, out: Path) -> None:
    (source / "cat/0.png").write_bytes(b"")
    codes = [multiply(source, out, "--shard", f"{i}/2").code for i in range(2)]
    assert codes == [1, 1]
    same = out.with_name("whole")
    assert multiply(source, same).code == 1
    assert tree(same) == tree(out)


def test_resume_where_nothing_is(source: Path, out: Path) -> None:
    assert multiply(source, out, "--resume").code == 0
    same_as_undisturbed(source, out)


def test_resume_completes(source: Path, half_done: Path) -> None:
    outcome = multiply(source, half_done, "--resume")
    assert outcome.code == 0
    says(outcome.out, "12 outputs written, 6 of them before")
    same_as_undisturbed(source, half_done)
    report = json.loads((half_done / "report.json").read_text())
    assert "resumed" in json.dumps(report)


def test_resume_of_a_finished_run(source: Path, out: Path) -> None:
    assert multiply(source, out).code == 0
    before = tree(out)
    outcome = multiply(source, out, "--resume")
    assert outcome.code == 0
    says(outcome.out, "is complete (12 outputs); nothing to do")
    assert "written" not in outcome.out
    assert tree(out) == before


def test_resume_without_seed_takes_the_recorded_one(source: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "gentle.yaml"
    recipe.write_text("version: 1\ninvariances:\n- rotation: 10\n")
    out = tmp_path / "out"
    with pytest.MonkeyPatch.context() as patch:
        interrupt(patch, 1)
        assert tenfold("augment", source, out, "--recipe", recipe, "--copies", 2).code == 130
    seed = json.loads((out / ".tenfold/job.json").read_text())["job"]["seed"]
    outcome = tenfold("augment", source, out, "--recipe", recipe, "--copies", 2, "--resume")
    assert outcome.code == 0, outcome
    says(outcome.out, f"seed {seed}, as begun")
    assert "drawn" not in outcome.out
    again = tmp_path / "again"
    tenfold("augment", source, again, "--recipe", recipe, "--copies", 2, "--seed", seed)
    assert tree(again) == tree(out)


OTHER: dict[str, tuple[list[object], str]] = {
    "seed": (["--seed", 6], "begun with --seed 5, now 6"),
    "copies": (["--copies", 3], "begun with --copies 2, now 3"),
    "balance": (["--balance"], "begun without --balance, now with it"),
    "recipe": (
        ["--recipe", "other.yaml"],
        "'- rotation: {degrees: [-10, 10]}', now '- rotation: {degrees: [-11, 11]}'",
    ),
    "name of the recipe": (["--recipe", "named.yaml"], "the recipe 'custom', now 'mine'"),
    "originals": (["--no-originals"], "begun without --no-originals, now with it"),
    "format": (["--format", "bmp"], "begun without --format, now with --format bmp"),
    "quality": (["--quality", 80], "begun with --quality 95, now 80"),
    "name": (["--name", "{copy}_{stem}"], "with --name {stem}_aug_{copy:04d}, now {copy}_{stem}"),
    "pixels": (["--max-pixels", 9999], "begun with --max-pixels 178956970, now 9999"),
}


@pytest.mark.parametrize("what", OTHER)
def test_resume_of_another_job(
    source: Path, half_done: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(source.parent)
    Path("other.yaml").write_text(GENTLE.replace("10", "11"))
    Path("named.yaml").write_text(f"name: mine\n{GENTLE}")
    options, words = OTHER[what]
    before = tree(half_done)
    outcome = multiply(source, half_done, "--resume", *options)
    assert outcome.code == 2, outcome
    says(outcome.err, words, "--resume", "--overwrite")
    assert tree(half_done) == before


def test_resume_after_the_source_changed(source: Path, half_done: Path) -> None:
    save(source / "cat/new.png", 7)
    outcome = multiply(source, half_done, "--resume")
    assert outcome.code == 2
    says(outcome.err, "another", "samples")


def test_resume_with_a_source_that_moved(source: Path, half_done: Path) -> None:
    moved = source.rename(source.with_name("moved"))
    assert multiply(moved, half_done, "--resume").code == 0


def test_begun_runs_are_not_taken_for_granted(source: Path, half_done: Path) -> None:
    before = tree(half_done)
    outcome = multiply(source, half_done)
    assert outcome.code == 2
    says(outcome.err, "unfinished", "--resume", "--overwrite")
    assert tree(half_done) == before
    assert tenfold("verify", half_done).code == 2
    outcome = tenfold("replay", half_done / "cat/0.png")
    assert outcome.code == 2
    says(outcome.err, "is unfinished; repeat its command with --resume first")


def test_overwrite(source: Path, half_done: Path) -> None:
    assert multiply(source, half_done, "--overwrite").code == 0
    same_as_undisturbed(source, half_done)
    outcome = multiply(source, half_done)
    assert outcome.code == 2
    says(outcome.err, "is complete", "--overwrite")
    assert multiply(source, half_done, "--overwrite", copies=1).code == 0
    assert len(manifest(half_done)) == 8
    assert not (half_done / "cat/0_aug_0002.png").exists()


def test_overwrite_with_a_bad_request_deletes_nothing(source: Path, out: Path) -> None:
    assert multiply(source, out).code == 0
    before = tree(out)
    for options in (["--name", "x{copy}"], ["--format", "gif"], ["--split", "x"], ["--shard", "9"]):
        assert multiply(source, out, "--overwrite", *options).code == 2
        assert tree(out) == before
    assert multiply(source, out, "--overwrite", "--dry-run").code == 0
    assert tree(out) == before


def test_damaged_state(source: Path, half_done: Path) -> None:
    (half_done / ".tenfold/job.json").write_text("{")
    outcome = multiply(source, half_done, "--resume")
    assert outcome.code == 2
    says(outcome.err, "job.json", "damaged", "--overwrite")
    outcome = multiply(source, half_done, "--overwrite")
    assert outcome.code == 0, outcome
    same_as_undisturbed(source, half_done)


def test_the_result_of_a_run_is_no_source(tmp_path: Path, out: Path) -> None:
    source = folder(tmp_path / "split", train=1, held=1)
    assert multiply(source, out, copies=1).code == 0
    for dry in ((), ("--dry-run",)):
        outcome = multiply(out, tmp_path / "second", *dry, copies=1)
        refused(outcome, tmp_path / "second", f"{out} was made by tenfold", "multiply copies")
    assert tenfold("inspect", out).code == 0
    picture = tmp_path / "sheet.png"
    assert tenfold("preview", out, "--preset", "natural", "-o", picture).code == 0
    (out / "tenfold.json").unlink()
    outcome = multiply(out, tmp_path / "third", "--name", "{stem}+{copy}", copies=1)
    assert (outcome.code, outcome.err) == (0, "")
    assert len(manifest(tmp_path / "third")) == 1 + 8


def test_an_array_file_of_a_run_is_no_source(tmp_path: Path, out: Path) -> None:
    assert multiply(build("arrays", tmp_path / "a"), out, copies=1).code == 0
    outcome = multiply(out / "data.npz", tmp_path / "second", copies=1)
    refused(outcome, tmp_path / "second", "data.npz was made by tenfold")


def test_parts_are_counted_together(source: Path, out: Path) -> None:
    assert multiply(source, out, "--shard", "0/2").code == 0
    outcome = multiply(source, out, "--shard", "1/2")
    says(outcome.out, "12 outputs written, 6 of them in other parts")
