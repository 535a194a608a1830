"""`python -m pipeline.cli`: the same as `dsf`."""

from pipeline.cli import main

main()
