"""Lets `python -m graphs.cli` do what the command `surefoot` does."""

from graphs.cli import main

main()
