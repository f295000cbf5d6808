"""One file for each operation: load, decide, record. The doors call them and know nothing else."""
