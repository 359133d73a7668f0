"""The networks: AGCN, AAGCN and what they share."""
