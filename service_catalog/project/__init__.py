"""The stack that a project gets: one construct for each concern, one composition for each CI system."""
