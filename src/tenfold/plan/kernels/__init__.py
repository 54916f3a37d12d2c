"""Kernels: the only place with loops over pixels. One file a kind of step."""
