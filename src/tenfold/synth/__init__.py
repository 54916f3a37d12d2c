"""Data that nobody has, simulated from known structure with exact labels."""
