"""What can be done with a project, whoever asks: the command line and the HTTP service share it."""
