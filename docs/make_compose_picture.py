"""Make docs/pictures/compose-blood.png: `python docs/make_compose_picture.py BLOOD_CELLS_VOC`.

The recipe is the first of docs/compose.md, applied by `tenfold preview`; the sheet is then saved
with few colours, to be small.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tenfold.cli.main import run

DOCS = Path(__file__).parent
COLOURS = 200


def main(source: str) -> None:
    """Draw three samples and three composed copies of each."""
    page = (DOCS / "compose.md").read_text("utf-8")
    (recipe, *_) = re.findall(r"^```yaml\n(.*?)^```", page, flags=re.M | re.S)
    with tempfile.TemporaryDirectory() as folder:
        rules, sheet = Path(folder) / "blood.yaml", Path(folder) / "sheet.png"
        rules.write_text(recipe, "utf-8")
        asked = ["--rows", "3", "--copies", "3", "--seed", "0", "-o", str(sheet)]
        assert run(["preview", source, "--recipe", str(rules), *asked]) == 0
        with Image.open(sheet) as opened:
            whole = opened.convert("RGB")
    few = whole.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(DOCS / "pictures" / "compose-blood.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
