"""Made-up people for the demo: a figure, the actions that move it, and the camera that records it."""
