"""Datasets by name, as arrays or written as folders to try things on."""

from tenfold.datasets.catalogue import Dataset, load, names, register
from tenfold.datasets.folder import write_folder

__all__ = ["Dataset", "load", "names", "register", "write_folder"]
