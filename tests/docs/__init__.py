"""The documents agree with themselves and with the program."""
