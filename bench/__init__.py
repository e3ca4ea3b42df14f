"""Performance as ratios in one run: what the design promises, measured."""
