"""Our speed and accuracy beside peers, in one run: `make bench ONLY=latency|generator|streams|limiter`."""
