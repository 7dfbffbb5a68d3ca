"""SAY it without sending it: requests, answers, frames and signatures as values."""
