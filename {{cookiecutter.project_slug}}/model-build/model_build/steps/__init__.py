"""Jobs of the pipelines: each is a program, `python -m model_build.steps.<step> --help`."""
