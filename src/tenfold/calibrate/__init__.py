"""How far an invariance may go: measured on the data, written as a recipe."""
