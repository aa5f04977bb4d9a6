"""How good a model is, by protocols that are printed beside the figures."""
