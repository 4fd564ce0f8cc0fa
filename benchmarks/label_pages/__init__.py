"""Pages on which people label, measured beside ours: each installed apart, in a real browser."""
