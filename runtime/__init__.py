"""What every command needs beside the method itself: errors, whole files, data-only loading, devices, processes."""
