"""Which version this is; the package's metadata reads it here."""

__version__ = "0.1.0"
