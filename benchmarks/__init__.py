"""What a run costs beyond what it must: `python -m benchmarks` prints a table, and saves it beside this file."""
