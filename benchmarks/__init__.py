"""tenfold measured against other libraries. They are imported here only; no part of the package."""
