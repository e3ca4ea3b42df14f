"""What holds for every test: examples of hypothesis have no deadline, since a busy machine is no failure."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
