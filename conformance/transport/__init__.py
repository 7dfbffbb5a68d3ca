"""TRY it: carry requests and frames to an exchange, in process or over sockets."""
