"""`python -m model_deploy`."""

from model_deploy.cli import main

main()
