"""Stories of the domain: no disk."""
