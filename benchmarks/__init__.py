"""Measurements, each a command: `python -m benchmarks.model --help` and so on."""
