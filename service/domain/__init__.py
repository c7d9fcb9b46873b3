"""What the service does: plain values in and out; no HTTP, no AWS."""
