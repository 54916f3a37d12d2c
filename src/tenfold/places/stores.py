"""The stores and servers that URLs lead to, as fsspec knows them."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Any

from tenfold.errors import MissingExtraError, PlaceError, RequestError, did_you_mean

_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "abfs": "az"}
_EXTRAS |= {"http": "http", "https": "http"}
WHOLE = frozenset(
    {"abfs", "abfss", "az", "cos", "gcs", "gs", "memory", "oss", "s3", "s3a"}
)  # fmt: skip
"""Protocols of stores where an object appears whole or not at all, so that one can write there."""


def cure(error: Exception) -> str:
    """What to do about an error, to be put behind it."""
    if "redential" in type(error).__name__ + str(error):
        return (
            "; give credentials as this store's tools take them (S3: AWS_PROFILE, or "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; FSSPEC_S3_ANON=true for public data)"
        )
    if isinstance(error, PermissionError):
        return "; check the credentials, and what they allow"
    return "; check the URL, the network and the credentials"


def unreachable(cause: BaseException | None) -> bool:
    """Whether what fsspec calls a missing file of a web server is a server that doesn't answer."""
    by_http = type(cause).__module__.startswith("aiohttp")
    return by_http and getattr(cause, "status", None) not in (404, 410)


@lru_cache(maxsize=64)
def filesystem(url: str, _process: int) -> Any:
    """The file system of a URL; made anew in a forked process, as its threads are gone there."""
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError(f"reading and writing URLs ({url})", "cloud") from None
    protocol = url.partition("://")[0]
    known = fsspec.available_protocols()
    if protocol not in known:
        raise RequestError(
            f"{url}: no protocol '{protocol}'{did_you_mean(protocol, known)}; "
            "for instance s3://bucket/folder, gs://, az://, https://"
        )
    try:
        with suppress(TypeError):  # a file system that can't be told to keep no listings
            return fsspec.core.url_to_fs(url, use_listings_cache=False)[0]
        return fsspec.core.url_to_fs(url)[0]
    except ImportError as error:
        if (extra := _EXTRAS.get(protocol)) is not None:
            raise MissingExtraError(f"{protocol}://", extra) from error
        raise RequestError(f"{protocol}:// needs another package: {error}") from error
    except Exception as error:
        told = " ".join(str(error).split())
        raise PlaceError(f"{url} can't be opened: {told}{cure(error)}") from error
