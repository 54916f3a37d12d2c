"""Generators: models that learn variety from a dataset and make new labelled samples.

Nothing here is loaded by `import tenfold`; what needs torch (the extra `learn`) imports it when
used.
"""
