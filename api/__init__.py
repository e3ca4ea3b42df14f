"""The HTTP service: requests in, commands out; the same answers as the command line."""
