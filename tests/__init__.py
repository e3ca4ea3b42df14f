"""The tests: the same folders again, plus the stories."""
