"""The business: frozen records and pure arithmetic of trade credit. It imports nothing of ours."""
