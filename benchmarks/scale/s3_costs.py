"""What a request to S3 costs a worker: s3fs against a server on this machine (moto)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.util import find_spec
from time import process_time

_PORT = 5765
_FILES, _BYTES = 100, 70_000


def request_seconds(repeats: int) -> float | None:
    """Processor time of this side, a request; None where s3fs or moto isn't installed."""
    if not all(find_spec(name) for name in ("s3fs", "moto", "flask")):
        return None
    from tenfold.places import place_of

    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(_PORT)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{_PORT}"
    os.environ.update(
        AWS_ENDPOINT_URL=url, AWS_ACCESS_KEY_ID="made-up", AWS_SECRET_ACCESS_KEY="made-up"
    )
    try:
        import s3fs

        system = s3fs.S3FileSystem()
        for _ in range(100):
            try:
                system.mkdir("scale")
                break
            except Exception:
                time.sleep(0.2)
        found = []
        for repeat in range(repeats):
            folder = place_of(f"s3://scale/{repeat}")
            start = process_time()
            for k in range(_FILES):
                (folder / f"{k}.jpg").write_bytes(bytes(_BYTES))
            for k in range(_FILES):
                (folder / f"{k}.jpg").read_bytes()
            found.append((process_time() - start) / (2 * _FILES))
        return min(found)
    finally:
        server.terminate()
        server.wait()
