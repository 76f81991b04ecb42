"""What a caller says: the files, what they belong to, and how the answer is to look."""

from __future__ import annotations

import datetime
import enum
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .v1 import scanvet_pb2 as pb


class Evidence(enum.IntEnum):
    """How much evidence comes with a verdict."""

    NONE = pb.EVIDENCE_LEVEL_NONE
    """Reasons only."""
    REGIONS = pb.EVIDENCE_LEVEL_REGIONS
    """Regions and measurements."""
    ANNOTATED_IMAGE = pb.EVIDENCE_LEVEL_ANNOTATED_IMAGE
    """And a preview on which they are drawn."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """The filing that the files belong to. What is left out falls back to the server's defaults."""

    profile: str = ""
    """Provider's rules, e.g. "alibaba-2019"; see `list_profiles`."""
    province: str = ""
    """ISO 3166-2, e.g. "CN-SH"."""
    entity_type: str = ""
    """E.g. "company", "individual"."""
    filing_type: str = ""
    """E.g. "initial", "transfer"."""
    content_categories: Sequence[str] = ()
    """Those that need a pre-approval, e.g. "news"."""
    as_of: datetime.date | str = ""
    """Day whose rules apply, e.g. "2019-07-01". Default: today in China."""
    channel: str = ""
    """How the applicant uploads: "web", "mobile-app", "mail"."""
    paid_service: bool = False
    """Whether the website earns income."""
    domain_count: int = 0
    """Domains in the filing; 0 = unknown."""
    issued_elsewhere: bool | None = None
    """Whether a certificate was issued in another province."""

    def message(self) -> pb.FilingContext:
        """As it goes over the wire."""
        as_of = self.as_of
        if isinstance(as_of, datetime.datetime):
            as_of = as_of.date()
        return pb.FilingContext(
            profile=self.profile,
            province=self.province,
            entity_type=self.entity_type,
            filing_type=self.filing_type,
            content_categories=list(self.content_categories),
            as_of=as_of.isoformat() if isinstance(as_of, datetime.date) else as_of,
            channel=self.channel,
            paid_service=self.paid_service,
            domain_count=self.domain_count,
            issued_elsewhere=self.issued_elsewhere,
        )


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the answer is to look."""

    locales: Sequence[str] = ("zh-CN", "en")
    """Languages of the texts for applicants, in order of preference."""
    evidence: Evidence = Evidence.REGIONS
    """How much evidence to return."""
    fail_fast: bool = False
    """Stop at the first blocking fault."""
    readings: bool = False
    """Return the readings, so that they can be judged again under other rules."""
    ruleset_version: str = ""
    """Pin a rule set, e.g. "2026.11.0"."""

    def message(self, context: Context) -> pb.ValidationOptions:
        """As it goes over the wire."""
        return pb.ValidationOptions(
            ruleset_version=self.ruleset_version,
            locales=list(self.locales),
            evidence_level=pb.EvidenceLevel.Name(self.evidence),
            fail_fast=self.fail_fast,
            context=context.message(),
            include_readings=self.readings,
        )


# What a name claims; the server compares it with what the bytes are.
_MEDIA_TYPES = {
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/png": ("png", "apng"),
    "image/gif": ("gif",),
    "application/pdf": ("pdf",),
    "image/tiff": ("tif", "tiff"),
    "image/webp": ("webp",),
    "image/bmp": ("bmp", "dib"),
    "image/heif": ("heic", "heif", "hif"),
    "image/avif": ("avif",),
}


def media_type_of(path: str | os.PathLike[str]) -> str:
    """The media type that a file's name claims; empty where it claims none that is known here."""
    extension = Path(path).suffix[1:].lower()
    for media_type, extensions in _MEDIA_TYPES.items():
        if extension in extensions:
            return media_type
    return ""


@dataclass(frozen=True, kw_only=True)
class File:
    """One of several files: `slot` and one of `path`, `content` or, in batches, `uri`."""

    slot: str
    """What it is meant to be, e.g. "id-card-front"."""
    path: str | os.PathLike[str] | None = None
    """Where it lies on this machine."""
    content: bytes | None = field(default=None, repr=False)
    """Its bytes."""
    uri: str = ""
    """Where the server finds it, e.g. "s3://scans/ab"; its operator must have allowed it."""
    item_id: str = ""
    """Your own opaque id: at most 64 of [A-Za-z0-9._:-], never a name or number of a person."""
    media_type: str = ""
    """The media type that its uploader claimed. Default: what the path's extension claims."""

    def __post_init__(self) -> None:
        given = [self.path is not None, self.content is not None, bool(self.uri)]
        if sum(given) != 1:
            raise ValueError("a file has one of path, content and uri")

    def bytes(self) -> bytes:
        """The content, read now where it is a path."""
        if self.content is not None:
            return self.content
        if self.path is None:
            raise ValueError("only batches take a file by uri")
        return Path(self.path).read_bytes()

    def descriptor(self) -> pb.FileDescriptor:
        """As it goes over the wire."""
        claimed = media_type_of(self.path) if self.path is not None else ""
        return pb.FileDescriptor(
            item_id=self.item_id,
            slot=self.slot,
            declared_media_type=self.media_type or claimed,
        )
