"""One file for each resource: its routes, thin. Bodies are in `api/schemas`, work is in `api/operations`."""
