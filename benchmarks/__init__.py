"""Measurements: `python -m benchmarks.data`, `python -m benchmarks.model`."""
