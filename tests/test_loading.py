"""Loaders: reproducible with an epoch, never repeating without one, in any number of workers."""

from __future__ import annotations

import importlib.util
import multiprocessing
import pickle
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tenfold import AugmentedDataset, Pipeline
from tenfold.errors import RequestError, SampleError
from tenfold.ops import Brightness, Reflection, Rotation, Translation

SIZE = 12
HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is optional")
IMAGES = np.random.default_rng(1).integers(0, 256, (SIZE, 16, 20, 3), dtype=np.uint8)
WILD = [Rotation(degrees=170), Brightness(shift=0.4), Translation(x=0.3, y=0.3)]


class Photos:
    """Images with a class, as many a dataset gives them."""

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return IMAGES[index], index


class Items:
    """A dataset of one item."""

    def __init__(self, item: Any) -> None:
        self.item = item

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Any:
        return self.item


def photos(**settings: Any) -> AugmentedDataset:
    return AugmentedDataset(Photos(), Pipeline(WILD, seed=9), **settings)


def bytes_of(dataset: Any) -> list[bytes]:
    return [np.asarray(image).tobytes() for image, _ in dataset]


# --- without torch -------------------------------------------------------------------------------


def test_with_an_epoch_a_copy_depends_on_seed_index_and_epoch_only() -> None:
    one, other = photos(), photos()
    one.set_epoch(3)
    other.set_epoch(3)
    third = bytes_of(one)
    assert third == bytes_of(one)
    assert third == [other[i][0].tobytes() for i in reversed(range(SIZE))][::-1]
    assert third == [image.tobytes() for image, _ in other.__getitems__(list(range(SIZE)))]
    assert other[-1][0].tobytes() == third[-1]
    one.set_epoch(4)
    assert not set(third) & set(bytes_of(one))
    other = AugmentedDataset(Photos(), Pipeline(WILD, seed=10))
    other.set_epoch(3)
    assert not set(third) & set(bytes_of(other))


def test_a_key_makes_one_copy_again() -> None:
    dataset = photos()
    dataset.set_epoch(3)
    again = dataset.pipeline(image=IMAGES[7], key=dataset.key(7, 3))["image"]
    np.testing.assert_array_equal(again, dataset[7][0])
    assert dataset.key(7) == dataset.key(-5, 3)


def test_without_an_epoch_nothing_repeats() -> None:
    dataset = photos()
    seen = bytes_of(dataset) + bytes_of(dataset) + bytes_of(dataset)
    assert len(set(seen)) == 3 * SIZE


def test_it_is_a_sequence() -> None:
    dataset = photos()
    assert len(dataset) == SIZE
    assert [label for _, label in dataset] == list(range(SIZE))
    for index in (SIZE, -SIZE - 1):
        with pytest.raises(IndexError):
            dataset[index]
    assert dataset[np.int64(3)][1] == 3  # type: ignore[index]
    assert "Pipeline" in repr(dataset)


@pytest.mark.parametrize("epoch", [-1, 2**32])
def test_epochs_have_a_range(epoch: int) -> None:
    with pytest.raises(RequestError, match="epoch must be within"):
        photos().set_epoch(epoch)


def test_pickled_it_keeps_the_epoch_but_is_on_its_own() -> None:
    dataset = photos()
    assert pickle.loads(pickle.dumps(dataset))._epoch.number is None
    dataset.set_epoch(5)
    copy = pickle.loads(pickle.dumps(dataset))
    assert bytes_of(copy) == bytes_of(dataset)
    copy.set_epoch(6)
    assert dataset._epoch.number == 5
    assert copy._epoch.number == 6


def serve(dataset: AugmentedDataset, connection: Any) -> None:
    while connection.recv():
        connection.send(bytes_of(dataset))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_living_worker_learns_of_the_epoch(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    context: Any = multiprocessing.get_context(method)
    dataset = photos()
    ours, theirs = context.Pipe()
    worker = context.Process(target=serve, args=(dataset, theirs), daemon=True)
    worker.start()
    for epoch in (0, 1, 0):
        dataset.set_epoch(epoch)
        ours.send(True)
        assert ours.recv() == bytes_of(dataset)
    ours.send(False)
    worker.join(20)
    assert worker.exitcode == 0


# --- shapes of items -----------------------------------------------------------------------------

FLIP = Pipeline([Reflection(probability=1)], seed=1, keypoint_pairs=[])
IMAGE, MASK = IMAGES[0], IMAGES[1, :, :, 0]
Pair = namedtuple("Pair", ["image", "label"])


def augmented(item: Any, targets: Any = None, pipeline: Pipeline = FLIP) -> Any:
    return AugmentedDataset(Items(item), pipeline, targets)[0]


def test_items_without_a_word() -> None:
    np.testing.assert_array_equal(augmented(IMAGE), IMAGE[:, ::-1])
    assert augmented(Image.fromarray(IMAGE)).mode == "RGB"
    for label in (3, 2.5, "cat", None, np.int64(3), np.array([0, 1])):
        image, kept = augmented((IMAGE, label))
        np.testing.assert_array_equal(image, IMAGE[:, ::-1])
        assert kept is label
    assert isinstance(augmented([IMAGE, 1]), list)
    assert augmented(Pair(IMAGE, 4)).label == 4
    item = {"image": IMAGE, "mask": MASK, "bboxes": [[1, 1, 5, 5]], "labels": [1], "name": "x.png"}
    out = augmented(item)
    assert list(out) == list(item)
    np.testing.assert_array_equal(out["mask"], MASK[:, ::-1])
    assert out["bboxes"] == [[15, 1, 19, 5]]
    assert out["name"] == "x.png"
    np.testing.assert_array_equal(item["image"], IMAGE)


def test_items_as_described() -> None:
    image, mask = augmented((IMAGE, MASK), ("image", "mask"))
    np.testing.assert_array_equal(mask, MASK[:, ::-1])
    mask, _, image = augmented((MASK, MASK, IMAGE), ["mask", None, "image"])
    np.testing.assert_array_equal(mask, MASK[:, ::-1])
    np.testing.assert_array_equal(image, IMAGE[:, ::-1])
    detection = (IMAGE, {"boxes": [[1, 1, 5, 5], [90, 90, 95, 95]], "labels": [7, 8], "id": 3})
    image, target = augmented(detection, ("image", {"boxes": "bboxes", "labels": "labels"}))
    assert target == {"boxes": [[15, 1, 19, 5]], "labels": [7], "id": 3}
    out = augmented({"img": IMAGE, "depth": MASK}, {"img": "image", "depth": None})
    assert out["depth"] is MASK


def test_what_a_dict_has_a_place_for() -> None:
    pipeline = Pipeline([Reflection(probability=1)], keypoint_pairs=[], validity=True)
    out = augmented({"image": IMAGE, "keypoints": [[1, 2]]}, None, pipeline)
    assert out["valid"].all()
    assert out["keypoints_visible"] == [True]
    with pytest.raises(RequestError, match="validity"):
        augmented((IMAGE, 1), None, pipeline)


@pytest.mark.parametrize(
    ("item", "targets", "words"),
    [
        ((IMAGE, MASK), None, r"targets=\('image', 'mask'\)"),
        ((IMAGE, {"boxes": []}), None, "part 1 is a dict"),
        ((IMAGE, [1, 2]), None, "part 1 is a list"),
        ({"image": IMAGE, "boxes": [[1, 2, 3, 4]]}, None, "'boxes'.*did you mean 'bboxes'"),
        ({"image": IMAGE, "depth": MASK}, None, "'depth'.*left behind unmoved"),
        ({"image": IMAGE, "depth": Image.new("L", (20, 16))}, None, "left behind unmoved"),
        ({"img": IMAGE, "mask": MASK}, {"img": "image"}, "'mask'.*left behind unmoved"),
        ({"img": IMAGE}, {"image": "image"}, "has no 'image'; it has img"),
        ({"img": IMAGE}, None, "image: is missing|left behind"),
        ((IMAGE, 1, 2), ("image", None), "has 3 parts, but targets names 2"),
        (IMAGE, ("image", None), "has ndarray, but targets names 2"),
        ((IMAGE, 3), ("image", {"boxes": "bboxes"}), "is a int, but targets says a dict"),
        ((IMAGE.astype(float), 3), None, "item 0 of the dataset: image: dtype"),
    ],
)
def test_items_that_do_not_fit(item: Any, targets: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        augmented(item, targets)


def test_a_scalar_target_in_a_dict_is_a_label() -> None:
    assert augmented({"image": IMAGE, "target": 3, "label": "x"})["target"] == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((iter([]), FLIP), "needs __len__ and __getitem__"),
        ((Photos(), [Rotation()]), "pipeline: must be a Pipeline"),
        ((Photos(), FLIP, ("img", None)), "did you mean 'image'"),
        ((Photos(), FLIP, ("mask", None)), "none is the image"),
        ((Photos(), FLIP, ("image", "image")), "named twice"),
        ((Photos(), FLIP, ("image", 3)), "names of targets"),
    ],
)
def test_wrong_arguments(arguments: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        AugmentedDataset(*arguments)


def test_bad_samples_say_which_they_are() -> None:
    image = np.full((8, 8), np.nan, np.float32)
    with pytest.raises(SampleError, match=r"item 0 of the dataset: .*NaN"):
        augmented((image, 1))


def test_then() -> None:
    dataset = photos(then=lambda item: (item[0].astype(np.float32) / 255, item[1]))
    assert dataset[2][0].dtype == np.float32


# --- torch ---------------------------------------------------------------------------------------


def loaded(loader: Any) -> dict[int, bytes]:
    """What a pass over a loader gave, by label."""
    return {
        int(label): image.numpy().tobytes()
        for images, labels in loader
        for image, label in zip(images, labels, strict=True)
    }


METHODS = [(0, None), (1, "fork"), (2, "fork"), (2, "spawn")]


@needs_torch
def test_with_epochs_every_loader_gives_the_same() -> None:
    from torch.utils.data import DataLoader

    truth = photos()
    expected = []
    for epoch in range(3):
        truth.set_epoch(epoch)
        expected.append(dict(enumerate(bytes_of(truth))))
    for workers, method in METHODS:
        for persistent in {False, workers > 0}:
            dataset = photos()
            loader = DataLoader(
                dataset, batch_size=3 + workers, shuffle=True, num_workers=workers,
                multiprocessing_context=method, persistent_workers=persistent,
            )  # fmt: skip
            for epoch in range(3):
                dataset.set_epoch(epoch)
                assert loaded(loader) == expected[epoch], (workers, method, persistent, epoch)


@needs_torch
@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize(("workers", "method"), METHODS)
def test_without_epochs_nothing_repeats(workers: int, method: Any, persistent: bool) -> None:
    import torch
    from torch.utils.data import DataLoader

    torch.manual_seed(0)
    settings: dict[str, Any] = {"batch_size": 2, "num_workers": workers}
    if workers:
        settings |= {"multiprocessing_context": method, "persistent_workers": persistent}
    loader = DataLoader(AugmentedDataset(One(), Pipeline(WILD, seed=9)), **settings)
    seen = [image.numpy().tobytes() for _ in range(3) for images, _ in loader for image in images]
    assert len(seen) == 3 * SIZE
    assert len(set(seen)) == len(seen)


class One(Photos):
    """The same image at every index, so that equal bytes are equal draws."""

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return IMAGES[0], index


class Own:
    """Someone's own dataset with a transform, in the manner of torchvision."""

    def __init__(self, transform: Any) -> None:
        self.transform = transform

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return np.array(self.transform(Image.fromarray(IMAGES[0]))), index


@needs_torch
@pytest.mark.parametrize(("workers", "method"), METHODS)
def test_a_pipeline_as_a_transform_never_repeats(workers: int, method: Any) -> None:
    from torch.utils.data import DataLoader

    pipeline = Pipeline(WILD, seed=9)
    pipeline(IMAGES[0])  # drawn ahead before the workers are forked
    loader: Any = DataLoader(
        Own(pipeline), batch_size=3, num_workers=workers, multiprocessing_context=method
    )
    seen = [image.numpy().tobytes() for _ in range(3) for images, _ in loader for image in images]
    assert len(set(seen)) == 3 * SIZE


@needs_torch
def test_the_same_torch_seed_gives_the_same_in_workers() -> None:
    import torch
    from torch.utils.data import DataLoader

    def run() -> dict[int, bytes]:
        torch.manual_seed(4)
        return loaded(DataLoader(photos(), batch_size=3, num_workers=2))

    assert run() == run()


@needs_torch
def test_errors_come_through_workers() -> None:
    from torch.utils.data import DataLoader

    dataset = AugmentedDataset(Items((IMAGE, MASK)), FLIP)
    with pytest.raises(RequestError, match="item 0 of the dataset"):
        next(iter(DataLoader(dataset, num_workers=1)))


class Threads(Photos):
    """Tells on how many threads OpenCV works."""

    def __getitem__(self, index: int) -> Any:
        import cv2

        return IMAGES[index], cv2.getNumThreads()


@needs_torch
def test_opencv_stays_on_one_thread_in_workers() -> None:
    import cv2
    from torch.utils.data import DataLoader

    before = cv2.getNumThreads()
    dataset = AugmentedDataset(Threads(), FLIP)
    loader = DataLoader(dataset, batch_size=4, num_workers=1)
    assert {int(n) for _, numbers in loader for n in numbers} == {1}
    assert cv2.getNumThreads() == before


def test_real_photographs(shared_data: Path) -> None:
    folder = shared_data / "cifar10-folders"
    files = sorted(folder.rglob("*.png"))[:20] or sorted(folder.rglob("*.jpg"))[:20]
    if not files:
        pytest.skip("no photographs there")

    class Folder:
        def __len__(self) -> int:
            return len(files)

        def __getitem__(self, index: int) -> tuple[Any, str]:
            with Image.open(files[index]) as image:
                return image.convert("RGB"), files[index].parent.name

    dataset = AugmentedDataset(Folder(), Pipeline("natural", seed=1))
    dataset.set_epoch(0)
    for (image, label), file in zip(dataset, files, strict=True):
        assert image.mode == "RGB"
        assert label == file.parent.name
