"""The doors: HTTP and the command line, all thin. It imports everything and is imported by nothing."""
