"""Trying to break it: races, kills and power loss. `RELIABILITY=long` runs the long campaigns."""
