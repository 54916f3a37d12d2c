"""The command line: parsing and printing only."""

from tenfold.cli.main import main

__all__ = ["main"]
