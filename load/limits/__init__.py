"""What kind of rate limiter answers: an experiment, the kinds there are, and which of them agrees."""
