"""The engines: one Program, several ways to run it, which must agree."""
