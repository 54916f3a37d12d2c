"""What a synthetic set is worth: richness, leakage across splits, memorisation."""
