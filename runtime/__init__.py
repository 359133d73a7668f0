"""What every command needs and no science is in: errors, whole files, data-only loading, devices, processes."""
