"""Skeletons as graphs: one file each, with its joints, links and adjacency."""
