"""The output folder: what lies in it, how it is read, and how each file gets there whole."""

from .store import Store

__all__ = ["Store"]
