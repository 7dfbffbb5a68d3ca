"""JUDGE what was recorded: findings, their gravity, what gates and what is excused."""
