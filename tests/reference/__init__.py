"""What recipes mean, executed plainly: one step after the other, in NumPy float64.

Slow, short, and without any of tenfold's kernels, maps or fusing, so that it can be held against
them. `executor.play` runs steps; `geometry`, `curves`, `colours` and `filters` say what each kind
of step does, from the definitions in the docstrings of `tenfold.ops.steps` and of the ops.

Truths from elsewhere are used where there are any: SciPy's convolution and median, OpenCV's CLAHE,
libjpeg's files. Two things are taken from tenfold, since they are agreements and no computations:
the noise of a seed (the kernel is called on the picture as the reference has it by then, rounded
to its dtype, so that only the noise's place in the order is checked here) and so the noise that
fills rectangles. What noise looks like is checked in `tests/plan/test_noise.py`.
"""
