"""tenfold: ten times the labelled data, from what may change without changing the label."""

__version__ = "0.1.0"
