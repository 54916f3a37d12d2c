"""New samples from parts of labelled ones: objects cut out of some and put into others."""
