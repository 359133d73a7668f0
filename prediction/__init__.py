"""Trained networks, in PyTorch or exported, from files or frames to scores, and what is computed from scores."""
