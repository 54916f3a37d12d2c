"""What names of classes and datasets give away: signs, left and right, directions, the field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MIRRORED = ("bd", "pq", "sz", "25", "jl", "nu")
"""Signs of which a reflection makes others."""

TURNED = ("69", "bq", "dp", "nu", "mw")
"""Signs of which half a turn makes others."""

PARTNERS = (
    ("left", "right"), ("l", "r"), ("lh", "rh"), ("lt", "rt"), ("links", "rechts"),
    ("linke", "rechte"), ("linker", "rechter"), ("linkes", "rechtes"), ("gauche", "droite"),
    ("gauche", "droit"), ("izquierda", "derecha"), ("izquierdo", "derecho"),
    ("esquerda", "direita"), ("esquerdo", "direito"), ("sinistra", "destra"),
    ("sinistro", "destro"), ("sinister", "dexter"), ("clockwise", "counterclockwise"),
    ("clockwise", "anticlockwise"), ("cw", "ccw"), ("leftward", "rightward"), ("左", "右"),
)  # fmt: skip
"""Words of which a reflection makes the other, in several languages."""

_LEFT_RIGHT = re.compile(
    r"(?<![a-z])(left|right|leftward|rightward|izquierd[ao]|derech[ao]|esquerd[ao]|direit[ao]"
    r"|links|rechts|linke[rs]?|rechte[rs]?|gauche|droite?|dextr[ao]|sinistr[ao]"
    r"|(counter|anti)?clockwise)(?![a-z])|左|右"
)
_COMPASS = re.compile(r"(?<![a-z])(up|down|upward|downward|above|below|top|bottom|north|south|east"
                      r"|west)(?![a-z])")  # fmt: skip

_DIGIT_WORDS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip

_SIGN_WORDS = {
    "digit", "digits", "letter", "letters", "char", "character", "class", "number", "sign",
    "lower", "upper", "lowercase", "uppercase", "small", "capital", "symbol", "sample",
}  # fmt: skip

FIELDS = {
    "satellite": "satellite aerial drone landsat sentinel eurosat highway residential farmland "
    "cropland pasture airport runway harbor harbour orchard urban land sealake annualcrop "
    "permanentcrop multispectral ndvi",
    "microscopy": "cell cells rbc wbc platelet platelets nucleus nuclei mitochondria mitochondrion "
    "membrane neuron bacteria histology histopathology stain microscopy em blood axon synapse "
    "parasite parasitized uninfected mitosis organoid spore pollen fluorescence leukocyte "
    "erythrocyte",
    "medical": "ct mri mr xray cxr xr radiograph dicom tumor tumour pneumonia covid lung lungs "
    "kidney liver chest fracture retina retinal retinopathy fundus glaucoma brain glioma "
    "meningioma pituitary effusion cardiomegaly ultrasound mammography stenosis artery prostate "
    "atelectasis nodule",
    "tissue": "melanoma nevus naevus polyp polyps dermoscopy dermatoscopy dermatology skin "
    "endoscopy endoscopic colonoscopy gastroscopy keratosis",
    "document": "document documents page text word paragraph invoice receipt form handwriting "
    "handwritten digits digit letter letters omniglot mnist pen stroke ocr script",
    "signs": "sign signs traffic gtsrb roadsign roadsigns",
}
"""Words in a dataset's name or classes that tell its field."""

_SHARE = 0.2
"""A field needs this share of the classes: "cell phone" among eighty things is no microscopy."""

_LONG = 5
_REST = 3
"""Words of at least so many letters are found as a part of longer ones that have so many more:
pneumonia in viralpneumonia, but no form in platform and no digit in digital."""


def words_of(name: str) -> str:
    """`RightHand_2` as `right hand 2`, in small letters."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.split(r"[\s_\-./|]+", parted.lower())).strip()


def sign_of(name: str) -> str:
    """The digit or letter that a class name stands for, or "".

    `7`, `07`, `seven`, `digit_7`, `b`, `B`, `letter-b`, `b_lower`, `class 7`.
    """
    words = [w for w in words_of(name).split() if w not in _SIGN_WORDS]
    if len(words) != 1:
        return ""
    word = _DIGIT_WORDS.get(words[0], words[0])
    if len(word) == 2 and word[0] == "0" and word[1].isdigit():
        word = word[1]
    return word if len(word) == 1 and word.isalnum() else ""


def says_left_or_right(name: str) -> bool:
    """Whether a class name has a word for left or right."""
    return bool(_LEFT_RIGHT.search(words_of(name)))


def says_direction(name: str) -> bool:
    """Whether a class name has a word for up, down or a point of the compass."""
    return bool(_COMPASS.search(words_of(name)))


def partners(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of names that differ in left and right only, such as `hand_l` and `hand_r`."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(words_of(name), name)
    found: dict[tuple[str, str], None] = {}
    for words, name in known.items():
        for other in _exchanged(words):
            if other in known:
                found[name, known[other]] = None
    return tuple(found)


def _exchanged(words: str) -> Iterator[str]:
    """What a class would be called if left were right, in each language."""
    for left, right in PARTNERS:
        edge = r"(?<![a-z]){}(?![a-z])" if left.isascii() else "{}"
        changed = re.sub(edge.format(left), right, words)
        if changed != words:
            yield changed


def field_of(name: str, classes: Sequence[str]) -> tuple[str, list[str]]:
    """The field that a dataset's name or a fifth of its classes speak of, and the words that do.

    Returns:
        A key of `FIELDS` and the words, sorted; ("", []) if nothing speaks.
    """
    best: tuple[float, str, list[str]] = (0.0, "", [])
    for field, known in FIELDS.items():
        said = set(known.split())
        in_name = _spoken(name, said)
        hits = [_spoken(c, said) for c in classes]
        share = sum(map(bool, hits)) / max(len(classes), 1)
        if not in_name and share < _SHARE:
            continue
        weight = bool(in_name) + share
        if weight > best[0]:
            best = weight, field, sorted(in_name.union(*hits))
    return best[1], best[2]


def _spoken(name: str, known: set[str]) -> set[str]:
    """The known words in a name, each as it stands there."""
    found = set()
    plain = set(re.split(r"[^a-z0-9]+", f"{words_of(name)} {name.lower()}")) - {""}
    for word in plain:
        bare = word.rstrip("0123456789")
        bare = bare[:-1] if bare[:-1] in known and bare.endswith("s") else bare
        if word in known or bare in known or any(_inside(k, bare) for k in known):
            found.add(word)
    return found


def _inside(known: str, word: str) -> bool:
    """Whether a word begins or ends with a known one, and something of its own is left."""
    rest = len(word) - len(known)
    long = len(known) >= _LONG or known == "xray"
    return long and rest >= _REST and (word.startswith(known) or word.endswith(known))
