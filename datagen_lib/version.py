"""Which version this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """This package's version, or "unknown" where it runs uninstalled."""
    try:
        return version("lego-style-datagen")
    except PackageNotFoundError:
        return "unknown"
