"""Measurements of this project, each against what it replaces, in one run on one machine."""
