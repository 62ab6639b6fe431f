"""What of this machine stands between a run and its service: proxies and certificates, by their variables."""

from __future__ import annotations

import os
from collections.abc import Mapping

from datagen_lib.masking import mask

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
KEY_LOG = "SSLKEYLOGFILE"
NOT_READ = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")  # by other programs only


def variables(names: tuple[str, ...], environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Those of `names` that are set, as they are spelt there, with their values masked."""
    environ = os.environ if environ is None else environ
    return {
        spelt: mask(environ[spelt])
        for name in names
        for spelt in dict.fromkeys((name, name.lower()))
        if environ.get(spelt)
    }


def proxies(address: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The proxy variables that count for an address."""
    scheme = address.split(":", 1)[0].upper()
    names = tuple(name for name in PROXIES if name.startswith((scheme + "_", "ALL_")))
    return variables(names, environ)


def listed(found: Mapping[str, str]) -> str:
    """`HTTPS_PROXY=http://proxy:8080 and ALL_PROXY=...`."""
    return " and ".join(f"{name}={value}" for name, value in found.items())
