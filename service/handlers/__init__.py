"""The HTTP edge: one function per operation; parse, one call, shape."""
