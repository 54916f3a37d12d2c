"""Tissue in three dimensions: filled with cells, cut by planes, labelled exactly and painted."""
