"""Ops: one small class an invariance. They draw and lower; pixels are `tenfold.plan`'s."""
