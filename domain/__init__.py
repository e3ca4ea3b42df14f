"""The rules: what may happen to a phase, and what is refused."""
