"""The pipelines of this project: what they are made of, how they are compiled and how they reach AWS."""
