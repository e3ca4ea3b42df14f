"""Everything that touches the world: the log, files, templates, configuration."""
