"""Servers that play Azure, and worse, for the tests: independent of the offline model."""
