"""The reading side: the catalogue as pandas tables. Takes no lock and changes nothing, so it may run beside a run."""

from datagen_lib.settings import output_folder

from .export import to_csv, to_parquet
from .frames import coverage, failed_images, load_catalog, load_categories, missing_images, rejected_items
from .similar import similar_names

__all__ = [
    "coverage",
    "failed_images",
    "load_catalog",
    "load_categories",
    "missing_images",
    "output_folder",
    "rejected_items",
    "similar_names",
    "to_csv",
    "to_parquet",
]
