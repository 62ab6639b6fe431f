"""The command datagen-lab: the notebooks run in order without a browser, and judged by their files."""
