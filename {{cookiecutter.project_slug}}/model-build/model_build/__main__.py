"""`python -m model_build`: this project's command line."""

from model_build.cli import main

if __name__ == "__main__":
    main()
