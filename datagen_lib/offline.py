"""The door to the offline model: `from datagen_lib.offline import start`, or `python -m datagen_lib.offline`.

The model itself is a package of its own, `offline_model`, and knows nothing of this library.
"""

from __future__ import annotations

from typing import Any

import offline_model

__all__ = offline_model.__all__


def __getattr__(name: str) -> Any:
    return getattr(offline_model, name)


if __name__ == "__main__":
    from offline_model.__main__ import main

    raise SystemExit(main())
