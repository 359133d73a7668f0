"""What answers predict.py: trained networks in PyTorch, or a model that export.py wrote."""
