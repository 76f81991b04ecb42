import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_ACCEPT: _ClassVar[Verdict]
    VERDICT_REJECT: _ClassVar[Verdict]
    VERDICT_REVIEW: _ClassVar[Verdict]

class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEVERITY_UNSPECIFIED: _ClassVar[Severity]
    SEVERITY_INFO: _ClassVar[Severity]
    SEVERITY_WARNING: _ClassVar[Severity]
    SEVERITY_REVIEW: _ClassVar[Severity]
    SEVERITY_ERROR: _ClassVar[Severity]

class CheckStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHECK_STATUS_UNSPECIFIED: _ClassVar[CheckStatus]
    CHECK_STATUS_PASSED: _ClassVar[CheckStatus]
    CHECK_STATUS_FAILED: _ClassVar[CheckStatus]
    CHECK_STATUS_INCONCLUSIVE: _ClassVar[CheckStatus]
    CHECK_STATUS_SKIPPED: _ClassVar[CheckStatus]

class EvidenceLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVIDENCE_LEVEL_UNSPECIFIED: _ClassVar[EvidenceLevel]
    EVIDENCE_LEVEL_NONE: _ClassVar[EvidenceLevel]
    EVIDENCE_LEVEL_REGIONS: _ClassVar[EvidenceLevel]
    EVIDENCE_LEVEL_ANNOTATED_IMAGE: _ClassVar[EvidenceLevel]
VERDICT_UNSPECIFIED: Verdict
VERDICT_ACCEPT: Verdict
VERDICT_REJECT: Verdict
VERDICT_REVIEW: Verdict
SEVERITY_UNSPECIFIED: Severity
SEVERITY_INFO: Severity
SEVERITY_WARNING: Severity
SEVERITY_REVIEW: Severity
SEVERITY_ERROR: Severity
CHECK_STATUS_UNSPECIFIED: CheckStatus
CHECK_STATUS_PASSED: CheckStatus
CHECK_STATUS_FAILED: CheckStatus
CHECK_STATUS_INCONCLUSIVE: CheckStatus
CHECK_STATUS_SKIPPED: CheckStatus
EVIDENCE_LEVEL_UNSPECIFIED: EvidenceLevel
EVIDENCE_LEVEL_NONE: EvidenceLevel
EVIDENCE_LEVEL_REGIONS: EvidenceLevel
EVIDENCE_LEVEL_ANNOTATED_IMAGE: EvidenceLevel

class FileDescriptor(_message.Message):
    __slots__ = ("item_id", "slot", "declared_media_type", "size_bytes", "sha256")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    DECLARED_MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    slot: str
    declared_media_type: str
    size_bytes: int
    sha256: str
    def __init__(self, item_id: _Optional[str] = ..., slot: _Optional[str] = ..., declared_media_type: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[str] = ...) -> None: ...

class FilingContext(_message.Message):
    __slots__ = ("profile", "province", "entity_type", "filing_type", "content_categories", "as_of", "channel", "paid_service", "domain_count", "issued_elsewhere")
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    PROVINCE_FIELD_NUMBER: _ClassVar[int]
    ENTITY_TYPE_FIELD_NUMBER: _ClassVar[int]
    FILING_TYPE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PAID_SERVICE_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_COUNT_FIELD_NUMBER: _ClassVar[int]
    ISSUED_ELSEWHERE_FIELD_NUMBER: _ClassVar[int]
    profile: str
    province: str
    entity_type: str
    filing_type: str
    content_categories: _containers.RepeatedScalarFieldContainer[str]
    as_of: str
    channel: str
    paid_service: bool
    domain_count: int
    issued_elsewhere: bool
    def __init__(self, profile: _Optional[str] = ..., province: _Optional[str] = ..., entity_type: _Optional[str] = ..., filing_type: _Optional[str] = ..., content_categories: _Optional[_Iterable[str]] = ..., as_of: _Optional[str] = ..., channel: _Optional[str] = ..., paid_service: _Optional[bool] = ..., domain_count: _Optional[int] = ..., issued_elsewhere: _Optional[bool] = ...) -> None: ...

class ValidationOptions(_message.Message):
    __slots__ = ("ruleset_version", "locales", "evidence_level", "fail_fast", "context", "include_readings")
    RULESET_VERSION_FIELD_NUMBER: _ClassVar[int]
    LOCALES_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    FAIL_FAST_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_READINGS_FIELD_NUMBER: _ClassVar[int]
    ruleset_version: str
    locales: _containers.RepeatedScalarFieldContainer[str]
    evidence_level: EvidenceLevel
    fail_fast: bool
    context: FilingContext
    include_readings: bool
    def __init__(self, ruleset_version: _Optional[str] = ..., locales: _Optional[_Iterable[str]] = ..., evidence_level: _Optional[_Union[EvidenceLevel, str]] = ..., fail_fast: _Optional[bool] = ..., context: _Optional[_Union[FilingContext, _Mapping]] = ..., include_readings: _Optional[bool] = ...) -> None: ...

class ValidateFileRequest(_message.Message):
    __slots__ = ("file", "content", "options")
    FILE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    file: FileDescriptor
    content: bytes
    options: ValidationOptions
    def __init__(self, file: _Optional[_Union[FileDescriptor, _Mapping]] = ..., content: _Optional[bytes] = ..., options: _Optional[_Union[ValidationOptions, _Mapping]] = ...) -> None: ...

class ValidateFileResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: ValidationResult
    def __init__(self, result: _Optional[_Union[ValidationResult, _Mapping]] = ...) -> None: ...

class UploadAndValidateFileRequest(_message.Message):
    __slots__ = ("header", "chunk", "trailer")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    TRAILER_FIELD_NUMBER: _ClassVar[int]
    header: UploadHeader
    chunk: bytes
    trailer: UploadTrailer
    def __init__(self, header: _Optional[_Union[UploadHeader, _Mapping]] = ..., chunk: _Optional[bytes] = ..., trailer: _Optional[_Union[UploadTrailer, _Mapping]] = ...) -> None: ...

class UploadHeader(_message.Message):
    __slots__ = ("file", "options")
    FILE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    file: FileDescriptor
    options: ValidationOptions
    def __init__(self, file: _Optional[_Union[FileDescriptor, _Mapping]] = ..., options: _Optional[_Union[ValidationOptions, _Mapping]] = ...) -> None: ...

class UploadTrailer(_message.Message):
    __slots__ = ("sha256",)
    SHA256_FIELD_NUMBER: _ClassVar[int]
    sha256: str
    def __init__(self, sha256: _Optional[str] = ...) -> None: ...

class UploadAndValidateFileResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: ValidationResult
    def __init__(self, result: _Optional[_Union[ValidationResult, _Mapping]] = ...) -> None: ...

class ValidateFilingRequest(_message.Message):
    __slots__ = ("files", "options")
    FILES_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[FileContent]
    options: ValidationOptions
    def __init__(self, files: _Optional[_Iterable[_Union[FileContent, _Mapping]]] = ..., options: _Optional[_Union[ValidationOptions, _Mapping]] = ...) -> None: ...

class FileContent(_message.Message):
    __slots__ = ("file", "content")
    FILE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    file: FileDescriptor
    content: bytes
    def __init__(self, file: _Optional[_Union[FileDescriptor, _Mapping]] = ..., content: _Optional[bytes] = ...) -> None: ...

class ValidateFilingResponse(_message.Message):
    __slots__ = ("results", "set_findings", "verdict", "provenance")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    SET_FINDINGS_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ValidationResult]
    set_findings: _containers.RepeatedCompositeFieldContainer[Finding]
    verdict: Verdict
    provenance: Provenance
    def __init__(self, results: _Optional[_Iterable[_Union[ValidationResult, _Mapping]]] = ..., set_findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., provenance: _Optional[_Union[Provenance, _Mapping]] = ...) -> None: ...

class StreamValidateFilesRequest(_message.Message):
    __slots__ = ("file", "content", "content_uri", "options")
    FILE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_URI_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    file: FileDescriptor
    content: bytes
    content_uri: str
    options: ValidationOptions
    def __init__(self, file: _Optional[_Union[FileDescriptor, _Mapping]] = ..., content: _Optional[bytes] = ..., content_uri: _Optional[str] = ..., options: _Optional[_Union[ValidationOptions, _Mapping]] = ...) -> None: ...

class StreamValidateFilesResponse(_message.Message):
    __slots__ = ("item_id", "result", "error")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    result: ValidationResult
    error: ItemError
    def __init__(self, item_id: _Optional[str] = ..., result: _Optional[_Union[ValidationResult, _Mapping]] = ..., error: _Optional[_Union[ItemError, _Mapping]] = ...) -> None: ...

class ItemError(_message.Message):
    __slots__ = ("code", "reason", "message", "retryable")
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    code: int
    reason: str
    message: str
    retryable: bool
    def __init__(self, code: _Optional[int] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., retryable: _Optional[bool] = ...) -> None: ...

class ValidationResult(_message.Message):
    __slots__ = ("item_id", "verdict", "findings", "checks", "detected", "provenance", "annotated_image", "readings")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    DETECTED_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    ANNOTATED_IMAGE_FIELD_NUMBER: _ClassVar[int]
    READINGS_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    verdict: Verdict
    findings: _containers.RepeatedCompositeFieldContainer[Finding]
    checks: _containers.RepeatedCompositeFieldContainer[CheckResult]
    detected: DetectedFile
    provenance: Provenance
    annotated_image: bytes
    readings: _containers.RepeatedCompositeFieldContainer[Reading]
    def __init__(self, item_id: _Optional[str] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., checks: _Optional[_Iterable[_Union[CheckResult, _Mapping]]] = ..., detected: _Optional[_Union[DetectedFile, _Mapping]] = ..., provenance: _Optional[_Union[Provenance, _Mapping]] = ..., annotated_image: _Optional[bytes] = ..., readings: _Optional[_Iterable[_Union[Reading, _Mapping]]] = ...) -> None: ...

class Reading(_message.Message):
    __slots__ = ("rule_id", "version", "page", "value")
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    version: int
    page: int
    value: _struct_pb2.Struct
    def __init__(self, rule_id: _Optional[str] = ..., version: _Optional[int] = ..., page: _Optional[int] = ..., value: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ("reason", "severity", "rule_id", "page", "regions", "measurements", "messages", "metadata", "help_uri")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REASON_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    MEASUREMENTS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    HELP_URI_FIELD_NUMBER: _ClassVar[int]
    reason: str
    severity: Severity
    rule_id: str
    page: int
    regions: _containers.RepeatedCompositeFieldContainer[Region]
    measurements: _containers.RepeatedCompositeFieldContainer[Measurement]
    messages: _containers.RepeatedCompositeFieldContainer[LocalizedText]
    metadata: _containers.ScalarMap[str, str]
    help_uri: str
    def __init__(self, reason: _Optional[str] = ..., severity: _Optional[_Union[Severity, str]] = ..., rule_id: _Optional[str] = ..., page: _Optional[int] = ..., regions: _Optional[_Iterable[_Union[Region, _Mapping]]] = ..., measurements: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., messages: _Optional[_Iterable[_Union[LocalizedText, _Mapping]]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., help_uri: _Optional[str] = ...) -> None: ...

class CheckResult(_message.Message):
    __slots__ = ("rule_id", "status", "status_detail", "confidence", "measurements", "elapsed")
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STATUS_DETAIL_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    MEASUREMENTS_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    status: CheckStatus
    status_detail: str
    confidence: float
    measurements: _containers.RepeatedCompositeFieldContainer[Measurement]
    elapsed: _duration_pb2.Duration
    def __init__(self, rule_id: _Optional[str] = ..., status: _Optional[_Union[CheckStatus, str]] = ..., status_detail: _Optional[str] = ..., confidence: _Optional[float] = ..., measurements: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., elapsed: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Measurement(_message.Message):
    __slots__ = ("name", "value", "unit", "min", "max")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    unit: str
    min: float
    max: float
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ..., unit: _Optional[str] = ..., min: _Optional[float] = ..., max: _Optional[float] = ...) -> None: ...

class Region(_message.Message):
    __slots__ = ("page", "points", "label")
    PAGE_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    page: int
    points: _containers.RepeatedCompositeFieldContainer[Point]
    label: str
    def __init__(self, page: _Optional[int] = ..., points: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., label: _Optional[str] = ...) -> None: ...

class Point(_message.Message):
    __slots__ = ("x", "y")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ...) -> None: ...

class LocalizedText(_message.Message):
    __slots__ = ("locale", "text")
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    locale: str
    text: str
    def __init__(self, locale: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class DetectedFile(_message.Message):
    __slots__ = ("media_type", "size_bytes", "sha256", "page_count", "width_px", "height_px", "has_gps_metadata")
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    PAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    HAS_GPS_METADATA_FIELD_NUMBER: _ClassVar[int]
    media_type: str
    size_bytes: int
    sha256: str
    page_count: int
    width_px: int
    height_px: int
    has_gps_metadata: bool
    def __init__(self, media_type: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[str] = ..., page_count: _Optional[int] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ..., has_gps_metadata: _Optional[bool] = ...) -> None: ...

class Provenance(_message.Message):
    __slots__ = ("ruleset_version", "ruleset_digest", "engine_version", "model_digests", "evaluate_time", "context", "applied_digest")
    class ModelDigestsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    RULESET_VERSION_FIELD_NUMBER: _ClassVar[int]
    RULESET_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    MODEL_DIGESTS_FIELD_NUMBER: _ClassVar[int]
    EVALUATE_TIME_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    APPLIED_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ruleset_version: str
    ruleset_digest: str
    engine_version: str
    model_digests: _containers.ScalarMap[str, str]
    evaluate_time: _timestamp_pb2.Timestamp
    context: FilingContext
    applied_digest: str
    def __init__(self, ruleset_version: _Optional[str] = ..., ruleset_digest: _Optional[str] = ..., engine_version: _Optional[str] = ..., model_digests: _Optional[_Mapping[str, str]] = ..., evaluate_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., context: _Optional[_Union[FilingContext, _Mapping]] = ..., applied_digest: _Optional[str] = ...) -> None: ...

class PlanFilingRequest(_message.Message):
    __slots__ = ("context", "locales", "ruleset_version")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    LOCALES_FIELD_NUMBER: _ClassVar[int]
    RULESET_VERSION_FIELD_NUMBER: _ClassVar[int]
    context: FilingContext
    locales: _containers.RepeatedScalarFieldContainer[str]
    ruleset_version: str
    def __init__(self, context: _Optional[_Union[FilingContext, _Mapping]] = ..., locales: _Optional[_Iterable[str]] = ..., ruleset_version: _Optional[str] = ...) -> None: ...

class PlanFilingResponse(_message.Message):
    __slots__ = ("uploads", "steps", "provenance", "notes")
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[RequiredUpload]
    steps: _containers.RepeatedCompositeFieldContainer[FilingStep]
    provenance: Provenance
    notes: _containers.RepeatedCompositeFieldContainer[FilingNote]
    def __init__(self, uploads: _Optional[_Iterable[_Union[RequiredUpload, _Mapping]]] = ..., steps: _Optional[_Iterable[_Union[FilingStep, _Mapping]]] = ..., provenance: _Optional[_Union[Provenance, _Mapping]] = ..., notes: _Optional[_Iterable[_Union[FilingNote, _Mapping]]] = ...) -> None: ...

class RequiredUpload(_message.Message):
    __slots__ = ("slot", "required", "why", "limits", "id", "alternative_slots", "source")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    ALTERNATIVE_SLOTS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    slot: str
    required: bool
    why: _containers.RepeatedCompositeFieldContainer[LocalizedText]
    limits: _containers.RepeatedCompositeFieldContainer[Limit]
    id: str
    alternative_slots: _containers.RepeatedScalarFieldContainer[str]
    source: str
    def __init__(self, slot: _Optional[str] = ..., required: _Optional[bool] = ..., why: _Optional[_Iterable[_Union[LocalizedText, _Mapping]]] = ..., limits: _Optional[_Iterable[_Union[Limit, _Mapping]]] = ..., id: _Optional[str] = ..., alternative_slots: _Optional[_Iterable[str]] = ..., source: _Optional[str] = ...) -> None: ...

class Limit(_message.Message):
    __slots__ = ("rule_id", "bound", "allowed", "source", "name")
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    BOUND_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    bound: Measurement
    allowed: _containers.RepeatedScalarFieldContainer[str]
    source: str
    name: str
    def __init__(self, rule_id: _Optional[str] = ..., bound: _Optional[_Union[Measurement, _Mapping]] = ..., allowed: _Optional[_Iterable[str]] = ..., source: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class FilingStep(_message.Message):
    __slots__ = ("id", "text", "within", "source", "optional", "min_workdays", "max_workdays")
    ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    WITHIN_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    OPTIONAL_FIELD_NUMBER: _ClassVar[int]
    MIN_WORKDAYS_FIELD_NUMBER: _ClassVar[int]
    MAX_WORKDAYS_FIELD_NUMBER: _ClassVar[int]
    id: str
    text: _containers.RepeatedCompositeFieldContainer[LocalizedText]
    within: _duration_pb2.Duration
    source: str
    optional: bool
    min_workdays: int
    max_workdays: int
    def __init__(self, id: _Optional[str] = ..., text: _Optional[_Iterable[_Union[LocalizedText, _Mapping]]] = ..., within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., source: _Optional[str] = ..., optional: _Optional[bool] = ..., min_workdays: _Optional[int] = ..., max_workdays: _Optional[int] = ...) -> None: ...

class FilingNote(_message.Message):
    __slots__ = ("id", "text", "source", "value", "unit")
    ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    id: str
    text: _containers.RepeatedCompositeFieldContainer[LocalizedText]
    source: str
    value: int
    unit: str
    def __init__(self, id: _Optional[str] = ..., text: _Optional[_Iterable[_Union[LocalizedText, _Mapping]]] = ..., source: _Optional[str] = ..., value: _Optional[int] = ..., unit: _Optional[str] = ...) -> None: ...

class ListProfilesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProfilesResponse(_message.Message):
    __slots__ = ("profiles", "next_page_token")
    PROFILES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    profiles: _containers.RepeatedCompositeFieldContainer[Profile]
    next_page_token: str
    def __init__(self, profiles: _Optional[_Iterable[_Union[Profile, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Profile(_message.Message):
    __slots__ = ("id", "display_names", "slots", "valid_from", "valid_until")
    ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAMES_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    id: str
    display_names: _containers.RepeatedCompositeFieldContainer[LocalizedText]
    slots: _containers.RepeatedScalarFieldContainer[str]
    valid_from: str
    valid_until: str
    def __init__(self, id: _Optional[str] = ..., display_names: _Optional[_Iterable[_Union[LocalizedText, _Mapping]]] = ..., slots: _Optional[_Iterable[str]] = ..., valid_from: _Optional[str] = ..., valid_until: _Optional[str] = ...) -> None: ...

class GetRulesetRequest(_message.Message):
    __slots__ = ("ruleset_version", "context", "slot")
    RULESET_VERSION_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    ruleset_version: str
    context: FilingContext
    slot: str
    def __init__(self, ruleset_version: _Optional[str] = ..., context: _Optional[_Union[FilingContext, _Mapping]] = ..., slot: _Optional[str] = ...) -> None: ...

class GetRulesetResponse(_message.Message):
    __slots__ = ("ruleset_version", "ruleset_digest", "reasons")
    RULESET_VERSION_FIELD_NUMBER: _ClassVar[int]
    RULESET_DIGEST_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    ruleset_version: str
    ruleset_digest: str
    reasons: _containers.RepeatedCompositeFieldContainer[ReasonInfo]
    def __init__(self, ruleset_version: _Optional[str] = ..., ruleset_digest: _Optional[str] = ..., reasons: _Optional[_Iterable[_Union[ReasonInfo, _Mapping]]] = ...) -> None: ...

class ReasonInfo(_message.Message):
    __slots__ = ("reason", "severity", "rule_id", "templates", "thresholds")
    REASON_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    TEMPLATES_FIELD_NUMBER: _ClassVar[int]
    THRESHOLDS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    severity: Severity
    rule_id: str
    templates: _containers.RepeatedCompositeFieldContainer[LocalizedText]
    thresholds: _containers.RepeatedCompositeFieldContainer[Measurement]
    def __init__(self, reason: _Optional[str] = ..., severity: _Optional[_Union[Severity, str]] = ..., rule_id: _Optional[str] = ..., templates: _Optional[_Iterable[_Union[LocalizedText, _Mapping]]] = ..., thresholds: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ...) -> None: ...

class GetServerInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetServerInfoResponse(_message.Message):
    __slots__ = ("engine_version", "max_file_bytes", "max_message_bytes", "max_pixels", "max_pages", "accepted_media_types", "ruleset_versions", "sandbox_layers")
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    MAX_FILE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_PIXELS_FIELD_NUMBER: _ClassVar[int]
    MAX_PAGES_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_MEDIA_TYPES_FIELD_NUMBER: _ClassVar[int]
    RULESET_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    SANDBOX_LAYERS_FIELD_NUMBER: _ClassVar[int]
    engine_version: str
    max_file_bytes: int
    max_message_bytes: int
    max_pixels: int
    max_pages: int
    accepted_media_types: _containers.RepeatedScalarFieldContainer[str]
    ruleset_versions: _containers.RepeatedScalarFieldContainer[str]
    sandbox_layers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, engine_version: _Optional[str] = ..., max_file_bytes: _Optional[int] = ..., max_message_bytes: _Optional[int] = ..., max_pixels: _Optional[int] = ..., max_pages: _Optional[int] = ..., accepted_media_types: _Optional[_Iterable[str]] = ..., ruleset_versions: _Optional[_Iterable[str]] = ..., sandbox_layers: _Optional[_Iterable[str]] = ...) -> None: ...
