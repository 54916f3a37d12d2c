"""Compiled kernels: C, built when tenfold is installed, one library for each level of processor."""
