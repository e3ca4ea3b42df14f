"""Pure folds from recorded events to read models."""
