"""Writers that mirror the source's layout."""
