"""Tests of the read models: events in, rows out."""
