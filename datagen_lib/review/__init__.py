"""The review: a person looks at each item, approves, rejects, edits, or asks for another picture."""

from .desk import ReviewDesk

__all__ = ["ReviewDesk"]
