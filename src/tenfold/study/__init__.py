"""Whether it helped: studies of arms, doses and sizes, with a verdict."""
