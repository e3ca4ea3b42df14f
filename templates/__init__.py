"""The documents' own words: one Jinja2 template per step; a project's `.orch/templates/` may replace each."""
