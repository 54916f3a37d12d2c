"""Datasets read from a web server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.datasets import arrays, image_folder
from tenfold.engine.manifest import tree_hash
from tenfold.errors import RequestError
from tenfold.multiply import augment

pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'tenfold[http]'")


class Silent(SimpleHTTPRequestHandler):
    """A server of files that logs nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """URL under which `tmp_path/www` is served."""
    (tmp_path / "www").mkdir()
    handler = partial(Silent, directory=str(tmp_path / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        thread = threading.Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


def test_a_folder_and_a_file(server: str, tmp_path: Path) -> None:
    source = image_folder(tmp_path / "www" / "the src", train=4, test=0)
    (source / "train" / "a" / "100 % & [1]#.png").write_bytes(
        (source / "train/a/000.png").read_bytes()
    )
    arrays(tmp_path / "www" / "rows", count=4)
    for path, url in (("the src", "the%20src"), ("the src", "the src/"), ("rows/data.npz",) * 2):
        augment(tmp_path / "www" / path, tmp_path / "one", copies=1, seed=3, existing="overwrite")
        augment(f"{server}/{url}", tmp_path / "two", copies=1, seed=3, existing="overwrite")
        assert tree_hash(tmp_path / "two") == tree_hash(tmp_path / "one")


def test_what_is_not_there(server: str, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="does not exist"):
        augment(f"{server}/none", tmp_path / "out", copies=1, seed=3)
    with pytest.raises(RequestError, match="can't look up"):
        augment("http://127.0.0.1:9/none", tmp_path / "out", copies=1, seed=3)
