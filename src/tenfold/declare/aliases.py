"""What other tools call things, so that a message can name ours.

Never used to accept a recipe, only to cure it: one word for one thing.
"""

from __future__ import annotations

from collections.abc import Iterable

from tenfold.errors import did_you_mean

_TURNS = "rotation: {degrees: 180, multiples_of: 90, exact: true}"
_D4 = "reflection: {axes: [horizontal, vertical, transpose], exact: true}"

OP_ALIASES: dict[str, str] = {
    "affine": "rotation, translation, scaling and shear",
    "rotate": "rotation", "random_rotation": "rotation", "rot90": _TURNS,
    "random_rotate90": _TURNS, "rotate90": _TURNS, "turn": "rotation", "degrees": "rotation",
    "flip": "reflection", "mirror": "reflection", "flips": "reflection",
    "hflip": "reflection: horizontal", "horizontal_flip": "reflection: horizontal",
    "fliplr": "reflection: horizontal", "random_horizontal_flip": "reflection: horizontal",
    "vflip": "reflection: vertical", "vertical_flip": "reflection: vertical",
    "flipud": "reflection: vertical", "random_vertical_flip": "reflection: vertical",
    "transpose": "reflection: transpose",
    "d4": _D4, "dihedral": _D4,
    "shift": "translation", "translate": "translation", "jitter_position": "translation",
    "scale": "scaling", "zoom": "scaling", "random_scale": "scaling",
    "skew": "shear", "shearing": "shear",
    "random_perspective": "perspective", "homography": "perspective", "tilt": "perspective",
    "random_crop": "crop", "random_resized_crop": "crop", "cropping": "crop",
    "elastic_transform": "elastic", "elastic_deformation": "elastic", "deformation": "elastic",
    "grid_deformation": "grid_distortion", "grid_warp": "grid_distortion",
    "luminosity": "brightness, exposure or gamma", "lightness": "brightness", "light": "brightness",
    "random_brightness": "brightness", "random_gamma": "gamma", "gamma_correction": "gamma",
    "random_contrast": "contrast", "auto_contrast": "autocontrast",
    "equalise": "equalize", "histogram_equalization": "equalize", "hist_equal": "equalize",
    "adaptive_equalization": "clahe", "random_brightness_contrast": "brightness and contrast",
    "color_jitter": "brightness, contrast, saturation and hue",
    "colour_jitter": "brightness, contrast, saturation and hue",
    "hue_saturation_value": "hue and saturation", "hsv": "hue and saturation",
    "color": "saturation or hue", "colour": "saturation or hue",
    "white_balance": "temperature", "color_temperature": "temperature",
    "colour_temperature": "temperature",
    "greyscale": "grayscale", "gray": "grayscale", "grey": "grayscale", "to_gray": "grayscale",
    "inversion": "invert", "negative": "invert", "solarise": "solarize",
    "posterise": "posterize", "sharpen": "sharpness", "unsharp_mask": "sharpness",
    "blur": "gaussian_blur", "gauss_blur": "gaussian_blur", "motion": "motion_blur",
    "median": "median_blur", "glass_blur": "gaussian_blur",
    "noise": "gaussian_noise, shot_noise or sensor_noise", "gauss_noise": "gaussian_noise",
    "additive_gaussian_noise": "gaussian_noise", "poisson": "shot_noise",
    "poisson_noise": "shot_noise", "photon_noise": "shot_noise", "iso_noise": "sensor_noise",
    "speckle": "multiplicative_noise", "speckle_noise": "multiplicative_noise",
    "salt_pepper": "salt_and_pepper", "pepper": "salt_and_pepper",
    "impulse_noise": "salt_and_pepper",
    "resolution": "downscale", "pixelate": "downscale", "low_resolution": "downscale",
    "compression": "jpeg", "jpeg_compression": "jpeg", "image_compression": "jpeg",
    "cutout": "erase", "random_erasing": "erase", "occlusion": "erase", "erasing": "erase",
    "dropout": "coarse_dropout", "grid_mask": "grid_dropout", "gridmask": "grid_dropout",
    "trivial_augment": "trivial", "trivialaugment": "trivial", "trivial_augment_wide": "trivial",
    "rand_augment": "rand", "randaugment": "rand",
}  # fmt: skip
"""Names of other libraries and everyday words, in snake_case, to the invariance meant."""

_MIXES = "mixes several images and their labels, which a batch does; see docs/mixing.md"
_COMBINES = (
    "chooses among others; give each invariance a probability of its own, or let trivial or rand "
    "choose"
)
_ALL = "is what the list is: each invariance under 'invariances:', in order, with its probability"
_LOOP = "changes no picture: it belongs in the training loop"
_SIZE = "write crop: {area: 1, aspect: 1, height: 224, width: 224} for a size in pixels"

NO_INVARIANCES: dict[str, str] = {
    "mosaic": _MIXES, "mixup": _MIXES, "mix_up": _MIXES, "cutmix": _MIXES, "cut_mix": _MIXES,
    "copy_paste": _MIXES,
    "one_of": _COMBINES, "oneof": _COMBINES, "some_of": _COMBINES, "random_choice": _COMBINES,
    "random_apply": _COMBINES, "sometimes": _COMBINES, "random_order": _COMBINES,
    "sequential": _ALL, "compose": _ALL,
    "normalize": _LOOP, "normalise": _LOOP, "normalization": _LOOP, "standardize": _LOOP,
    "to_tensor": _LOOP, "totensor": _LOOP, "to_tensor_v2": _LOOP, "to_float": _LOOP,
    "convert_image_dtype": _LOOP,
    "resize": _SIZE, "random_resize": _SIZE, "longest_max_size": _SIZE, "smallest_max_size": _SIZE,
    "center_crop": "write crop: {area: 1, aspect: 1, height: 224, width: 224}, or scale the images "
    "before",
}  # fmt: skip
"""What other libraries have in their lists and no invariance is, in snake_case: what to do."""

KEY_ALIASES: dict[str, str] = {
    "transforms": "invariances", "transform": "invariances", "ops": "invariances",
    "operations": "invariances", "augmentations": "invariances", "augment": "invariances",
    "pipeline": "invariances", "invariance": "invariances", "recipe": "invariances",
    "borders": "border", "padding": "border", "padding_mode": "border", "pad": "border",
    "fill": "border", "fill_mode": "border", "border_mode": "border",
    "interp": "interpolation", "resample": "interpolation", "order": "interpolation",
    "ignore_index": "ignore_value", "ignore": "ignore_value", "valid": "validity",
    "flip_idx": "keypoint_pairs", "description": "assumes", "about": "assumes",
    "title": "name", "format": "version", "generator": "generators", "models": "generators",
    "model": "generators", "learned": "generators", "synthetic": "generators",
    "copy_paste": "compose", "copypaste": "compose", "composition": "compose", "paste": "compose",
    "frankenstein": "compose",
}  # fmt: skip
"""Other words for a recipe's own keys."""

BORDER_ALIASES: dict[str, str] = {
    "mirror": "reflect", "reflect101": "reflect", "reflect_101": "reflect",
    "symmetric": "reflect", "reflection": "reflect", "replicate": "edge", "nearest": "edge",
    "clamp": "edge", "periodic": "wrap", "circular": "wrap", "tile": "wrap",
    "zero": "constant", "zeros": "constant", "black": "constant", "fill": "constant",
    "white": "{mode: constant, value: 1}", "median": "background",
}  # fmt: skip
"""Other words for border modes."""

INTERPOLATION_ALIASES: dict[str, str] = {
    "bilinear": "linear", "bicubic": "cubic", "nearest_neighbour": "nearest",
    "nearest_neighbor": "nearest", "none": "nearest", "lanczos": "cubic", "area": "linear",
}  # fmt: skip
"""Other words for interpolations."""


def snake(word: str) -> str:
    """`HorizontalFlip`, `horizontal-flip` and `Horizontal flip` as `horizontal_flip`."""
    out = ""
    for i, c in enumerate(word.strip()):
        if c.isupper() and i and (word[i - 1].islower() or word[i - 1].isdigit()):
            out += "_"
        out += c.lower() if c.isalnum() else "_"
    return "_".join(part for part in out.split("_") if part)


def hint(word: str, ours: Iterable[str], aliases: dict[str, str] | None = None) -> str:
    """`"; did you mean 'rotation'?"` from the other tools' names, else from the spelling.

    An alias wins over likeness in spelling: `rotate` is near `rotation`, but `scale` is nearer
    to `clahe` than to what it means.
    """
    names, plain = list(ours), snake(word)
    if plain in names:
        return f"; did you mean '{plain}'?"
    if aliases and plain in aliases:
        return f"; did you mean '{aliases[plain]}'?"
    found = did_you_mean(plain, [*names, *(aliases or ())])
    near = found[len("; did you mean '") : -2] if found else ""
    if aliases and near in aliases:
        return f"; did you mean '{aliases[near]}'?"
    return found
