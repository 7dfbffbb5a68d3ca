"""Over sockets and clocks: how each behaviour of the streams is brought about and looked at."""
