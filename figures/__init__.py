"""The pictures and reports of visualize.py: a module a command, whose `run` takes the command's arguments."""
