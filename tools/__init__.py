"""Tools for those who work on the kit; nothing here is part of the library."""
