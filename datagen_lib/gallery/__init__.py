"""The catalogue as one page to look through, and as a contact sheet; both made from the folder, without a call."""

from .page import write_gallery
from .sheet import write_sheets

__all__ = ["write_gallery", "write_sheets"]
