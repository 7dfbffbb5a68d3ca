"""The order of a night, its time and its resumption."""
