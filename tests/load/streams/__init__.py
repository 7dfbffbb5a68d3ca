"""The behaviours of the streams: what observations mean, and real runs."""
