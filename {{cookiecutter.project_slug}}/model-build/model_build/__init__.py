"""From data to a registered model: steps, the pipelines made of them, and a runner for both ends."""
