"""One module per scenario: what a user does with a planned time."""
