"""Samples, their fields, and the sources that read them."""
