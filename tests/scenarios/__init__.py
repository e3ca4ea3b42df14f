"""Whole stories through the command line, a file each: the rows of the predecessor's plan of tests."""
