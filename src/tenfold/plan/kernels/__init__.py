"""The only place with loops over pixels: one module a kind of step."""
