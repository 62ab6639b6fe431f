"""The import bundle: what the shop reads, written to a new folder and renamed whole."""

from .bundle import Bundle, approved, publish

__all__ = ["Bundle", "approved", "publish"]
