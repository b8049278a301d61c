"""`python -m renderer new`, the same command as `sagemaker-mlops new`."""

from renderer.cli import main

if __name__ == "__main__":
    main()
