"""Datasets that hand clips to the model, and what is done to a clip on the way."""
