"""Client of scanvet: sends an upload, gets ACCEPT, REJECT or REVIEW with the reasons.

A rejected file is an answer and no exception; exceptions say why there is no answer and what to do.
"""

from ._batch import Item, ItemFault
from .aio import AsyncClient
from .client import Client
from .errors import (
    DeadlineExceeded,
    InvalidArgument,
    NotAllowed,
    Overloaded,
    RateLimited,
    RulesetNotAvailable,
    ScanvetError,
    ServerFault,
    TooLarge,
    Unreachable,
    Violation,
)
from .inputs import Context, Evidence, File, Options
from .results import (
    FilingResult,
    Finding,
    Measurement,
    Plan,
    PlannedUpload,
    Result,
    Severity,
    Step,
    Verdict,
)

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "Client",
    "Context",
    "DeadlineExceeded",
    "Evidence",
    "File",
    "FilingResult",
    "Finding",
    "InvalidArgument",
    "Item",
    "ItemFault",
    "Measurement",
    "NotAllowed",
    "Options",
    "Overloaded",
    "Plan",
    "PlannedUpload",
    "RateLimited",
    "Result",
    "RulesetNotAvailable",
    "ScanvetError",
    "ServerFault",
    "Severity",
    "Step",
    "TooLarge",
    "Unreachable",
    "Verdict",
    "Violation",
]
