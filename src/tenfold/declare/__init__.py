"""What may change: recipes, presets, and the recipe that fits a dataset."""
