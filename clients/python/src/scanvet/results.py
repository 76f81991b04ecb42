"""What the server found, readable. Every class keeps the whole message of the wire as `message`."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .v1 import scanvet_pb2 as pb


class Verdict(enum.Enum):
    """Outcome of a validation."""

    ACCEPT = "ACCEPT"
    """All blocking rules passed."""
    REJECT = "REJECT"
    """At least one blocking rule failed."""
    REVIEW = "REVIEW"
    """Nothing blocks, but something could not be decided: a person must look."""

    @classmethod
    def of(cls, number: int) -> Verdict:
        """Of the wire. A value that this client does not know is for review."""
        known: dict[int, Verdict]
        known = {pb.VERDICT_ACCEPT: cls.ACCEPT, pb.VERDICT_REJECT: cls.REJECT}
        return known.get(number, cls.REVIEW)


class Severity(enum.Enum):
    """How a finding affects the verdict."""

    INFO = "INFO"
    """Informative."""
    WARNING = "WARNING"
    """Shown to the applicant, does not block."""
    REVIEW = "REVIEW"
    """A person must look."""
    ERROR = "ERROR"
    """Rejects."""

    @classmethod
    def of(cls, number: int) -> Severity:
        """Of the wire. A value that this client does not know is for review."""
        known: dict[int, Severity] = {
            pb.SEVERITY_INFO: cls.INFO,
            pb.SEVERITY_WARNING: cls.WARNING,
            pb.SEVERITY_ERROR: cls.ERROR,
        }
        return known.get(number, cls.REVIEW)


def _text(messages: Mapping[str, str], locale: str) -> str:
    """The text in a language, else in one of the same root, else the first."""
    if locale in messages:
        return messages[locale]
    root = locale.split("-")[0]
    for tag, text in messages.items():
        if root and tag.split("-")[0] == root:
            return text
    return next(iter(messages.values()), "")


def _texts(texts: Iterable[pb.LocalizedText]) -> dict[str, str]:
    return {text.locale: text.text for text in texts}


@dataclass(frozen=True)
class Measurement:
    """A number against its bounds."""

    name: str
    value: float
    unit: str
    min: float | None
    max: float | None

    @classmethod
    def of(cls, message: pb.Measurement) -> Measurement:
        """Of the wire."""
        least = message.min if message.HasField("min") else None
        most = message.max if message.HasField("max") else None
        return cls(message.name, message.value, message.unit, least, most)


@dataclass(frozen=True)
class Finding:
    """One reason."""

    reason: str
    """Stable code, e.g. "IMAGE_BLURRED"."""
    severity: Severity
    rule_id: str
    page: int
    """Counted from 1; 0 = the whole file."""
    messages: Mapping[str, str]
    """What the applicant should do, by language."""
    measurements: Sequence[Measurement]
    metadata: Mapping[str, str]
    """Everything that varies in the messages."""
    message: pb.Finding = field(repr=False)

    @classmethod
    def of(cls, message: pb.Finding) -> Finding:
        """Of the wire."""
        return cls(
            reason=message.reason,
            severity=Severity.of(message.severity),
            rule_id=message.rule_id,
            page=message.page,
            messages=_texts(message.messages),
            measurements=tuple(map(Measurement.of, message.measurements)),
            metadata=dict(message.metadata),
            message=message,
        )

    def text(self, locale: str = "") -> str:
        """What the applicant should do, in that language or else the first one that was asked for."""
        return _text(self.messages, locale)


@dataclass(frozen=True)
class Result:
    """The verdict on one file."""

    item_id: str
    verdict: Verdict
    findings: Sequence[Finding]
    """Worst first."""
    ruleset_version: str
    annotated_image: bytes = field(repr=False)
    """JPEG; empty unless asked for."""
    message: pb.ValidationResult = field(repr=False)
    """Also checks, regions, readings, what the file is, and what makes the verdict reproducible."""

    @classmethod
    def of(cls, message: pb.ValidationResult) -> Result:
        """Of the wire."""
        return cls(
            item_id=message.item_id,
            verdict=Verdict.of(message.verdict),
            findings=tuple(map(Finding.of, message.findings)),
            ruleset_version=message.provenance.ruleset_version,
            annotated_image=message.annotated_image,
            message=message,
        )

    @property
    def accepted(self) -> bool:
        """Whether nobody need look at the file any more."""
        return self.verdict is Verdict.ACCEPT

    @property
    def reasons(self) -> list[str]:
        """The codes of the findings, worst first."""
        return [finding.reason for finding in self.findings]


@dataclass(frozen=True)
class FilingResult:
    """The verdict on the files of one filing together."""

    verdict: Verdict
    results: Sequence[Result]
    """Of each file, in the order of the request."""
    findings: Sequence[Finding]
    """What concerns several files, or one that is missing; worst first."""
    message: pb.ValidateFilingResponse = field(repr=False)

    @classmethod
    def of(cls, message: pb.ValidateFilingResponse) -> FilingResult:
        """Of the wire."""
        return cls(
            verdict=Verdict.of(message.verdict),
            results=tuple(map(Result.of, message.results)),
            findings=tuple(map(Finding.of, message.set_findings)),
            message=message,
        )

    @property
    def accepted(self) -> bool:
        """Whether nobody need look at the filing any more."""
        return self.verdict is Verdict.ACCEPT


@dataclass(frozen=True)
class PlannedUpload:
    """One upload that a filing needs."""

    id: str
    slot: str
    required: bool
    """False: only under the condition in `why`."""
    why: Mapping[str, str]
    """By language."""
    alternative_slots: Sequence[str]
    source: str
    message: pb.RequiredUpload = field(repr=False)
    """Also the limits in force."""

    def text(self, locale: str = "") -> str:
        """Why, in that language or else the first one that was asked for."""
        return _text(self.why, locale)


@dataclass(frozen=True)
class Step:
    """One step of a filing that is not an upload."""

    id: str
    texts: Mapping[str, str]
    """By language."""
    optional: bool
    within: datetime.timedelta | None
    source: str
    message: pb.FilingStep = field(repr=False)

    def text(self, locale: str = "") -> str:
        """What to do, in that language or else the first one that was asked for."""
        return _text(self.texts, locale)


@dataclass(frozen=True)
class Plan:
    """What a filing must upload, and which steps follow."""

    uploads: Sequence[PlannedUpload]
    steps: Sequence[Step]
    message: pb.PlanFilingResponse = field(repr=False)
    """Also the notes, and the rule set that was used."""

    @classmethod
    def of(cls, message: pb.PlanFilingResponse) -> Plan:
        """Of the wire."""
        uploads = (
            PlannedUpload(
                id=upload.id,
                slot=upload.slot,
                required=upload.required,
                why=_texts(upload.why),
                alternative_slots=tuple(upload.alternative_slots),
                source=upload.source,
                message=upload,
            )
            for upload in message.uploads
        )
        steps = (
            Step(
                id=step.id,
                texts=_texts(step.text),
                optional=step.optional,
                within=step.within.ToTimedelta() if step.HasField("within") else None,
                source=step.source,
                message=step,
            )
            for step in message.steps
        )
        return cls(tuple(uploads), tuple(steps), message)
