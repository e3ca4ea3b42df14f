"""What we write, read by programs of others."""
