"""Who the drivers are for, in tests: an account of the reference exchange, and a key that no exchange has."""

ALICE = {"parameter": "email", "name": "alice@example.com", "password": "secret"}
KEY = {"name": "ft-name", "secret": "hidden-secret"}
# What no log may hold: the password is in the key's secret too, and a JWT begins with the last.
SECRETS = (ALICE["name"], ALICE["password"], "eyJ")
