"""Plans: a recipe made ready for a dataset; steps fused into passes over the pixels."""
