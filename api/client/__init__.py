"""The Python client of order systems: what stands between the calls made from our OpenAPI document and the network.

`make client` puts these files and the generated ones into one package, `aval_client`, that needs httpx and attrs and
nothing else of ours. That is why nothing here imports the rest, and why imports here are relative.
Source: docs/decisions/0020-the-client-is-made-not-kept.md
"""

from .amounts import read_amount, write_amount
from .patience import Patience, new_key
from .problems import (
    BadRequest,
    Busy,
    Conflict,
    Erased,
    InDoubt,
    NotAllowed,
    NotAnswered,
    NotFound,
    NotKnown,
    Problem,
    TooManyRequests,
    Unavailable,
    Unusable,
)
from .service import Service

__all__ = [
    "BadRequest", "Busy", "Conflict", "Erased", "InDoubt", "NotAllowed", "NotAnswered", "NotFound", "NotKnown",
    "Patience", "Problem", "Service", "TooManyRequests", "Unavailable", "Unusable", "new_key", "read_amount",
    "write_amount",
]  # fmt: skip
