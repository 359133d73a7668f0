"""Synthetic people for the demo: a figure, and the actions that move it."""
