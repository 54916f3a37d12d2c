"""What simulation costs, and what it is worth."""
