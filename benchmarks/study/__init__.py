"""What studies are worth: simulated studies whose answer is known."""
