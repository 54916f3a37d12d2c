"""Pages that are complete in themselves: their common look, and what their templates may use."""

from __future__ import annotations

import base64
from functools import cache

import jinja2
import numpy as np

from tenfold.evaluate.names import readable
from tenfold.samples.codec.encode import encode_image
from tenfold.samples.sample import Array


@cache
def page_template(room: str, name: str) -> jinja2.Template:
    """A room's template; it may extend `page.html.j2` and include `base.css` and `charts.css`.

    Args:
        room: the package that has it in its folder `templates`, such as "tenfold.study".
        name: of the file.
    """
    rooms = dict.fromkeys((room, "tenfold.evaluate"))
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(one) for one in rooms]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["readable"] = readable
    environment.filters["n"] = lambda value: f"{value:,}"
    environment.filters["lines"] = _readable_lines
    return environment.get_template(name)


def data_uri(data: bytes, mime: str) -> str:
    """A file as an address that holds it."""
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def picture_uri(picture: Array) -> str:
    """A picture (H, W, C) of floats, 0 black and 1 white, as a PNG in its address.

    It is shown in grey, or of three channels and more the first three in colour.
    """
    shown = picture[:, :, :3] if picture.shape[2] >= 3 else picture[:, :, :1]
    pixels = np.asarray(np.rint(np.clip(shown, 0, 1) * 255), np.uint8)
    return data_uri(encode_image(pixels, "png", {}, 95, False), "image/png")


def _readable_lines(text: str) -> str:
    return "\n".join(readable(line) for line in text.split("\n"))
