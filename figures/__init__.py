"""Drawings: arrays in, matplotlib figures out. Only visualize.py and TensorBoard's pictures import this."""
