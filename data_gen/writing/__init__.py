"""Clips into the final files of a data set, whole or not at all."""
