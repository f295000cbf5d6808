"""What must survive a restart: the only folder that knows SQL."""
