"""What may change without changing the label: recipes, their text, schema and presets."""
