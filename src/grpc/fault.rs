//! Why a call has no answer: one fault, told as a status with details or as an item's error.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use tonic::metadata::MetadataValue;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, QuotaViolation, StatusExt};

use super::proto::ItemError;
use crate::access::{Denial, Identity, OverRate, Refusal, Unit};

/// Whose reasons these are.
const DOMAIN: &str = "scanvet";
/// When a refused caller may come again at the earliest and at the latest.
const RETRY_AFTER: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(5)];

/// A fault of the caller, of the load or of ours. What is wrong with a file is a verdict instead.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: Code,
    /// `UPPER_SNAKE`, for programs.
    pub(super) reason: &'static str,
    message: String,
    /// Everything that varies in the message.
    metadata: Vec<(&'static str, String)>,
    violations: Vec<Violation>,
    /// Whose share is used up, and of what.
    quota: Option<Box<(String, &'static str)>>,
    retry_after: Option<Duration>,
}

/// One field that breaks the contract.
#[derive(Debug)]
pub(super) struct Violation {
    /// Path of the field in the request.
    pub(super) field: Cow<'static, str>,
    /// `UPPER_SNAKE`, for programs.
    pub(super) reason: &'static str,
    /// For the developer. Never the value of a free-text field.
    pub(super) description: String,
    /// Everything that varies in the description.
    pub(super) metadata: Vec<(&'static str, String)>,
}

impl Violation {
    pub(super) fn of(field: &'static str, reason: &'static str, description: &str) -> Self {
        let field = Cow::Borrowed(field);
        Self { field, reason, description: description.to_owned(), metadata: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.metadata.push((name, value));
        self
    }

    /// The same of one file among several: `file.slot` becomes `files[2].file.slot`.
    pub(super) fn of_file(mut self, index: usize) -> Self {
        self.field = format!("files[{index}].{}", self.field).into();
        self
    }
}

impl Fault {
    pub(super) fn of(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        let (metadata, violations) = (Vec::new(), Vec::new());
        let (message, quota, retry_after) = (message.into(), None, None);
        Self { code, reason, message, metadata, violations, quota, retry_after }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.metadata.push((name, value.to_string()));
        self
    }

    /// A field of the request is wrong.
    pub(super) fn argument(reason: &'static str, message: impl Into<String>) -> Self {
        Self::of(Code::InvalidArgument, reason, message)
    }

    /// All wrong fields together; `None` where there are none.
    pub(super) fn of_violations(violations: Vec<Violation>) -> Option<Self> {
        let reason = match &violations[..] {
            [] => return None,
            [only] => only.reason,
            _ => "INVALID_FIELDS",
        };
        let told: Vec<String> =
            violations.iter().map(|v| format!("{}: {}", v.field, v.description)).collect();
        let metadata = violations.iter().flat_map(|violation| violation.metadata.clone()).collect();
        Some(Self { metadata, violations, ..Self::argument(reason, told.join("; ")) })
    }

    /// Nothing is free to take the work; those who wait are served in about `wait`.
    pub(super) fn overloaded(wait: Duration) -> Self {
        let fault = Self::of(Code::Unavailable, "OVERLOADED", "all workers are busy, try again");
        let [earliest, latest] = RETRY_AFTER;
        Self { retry_after: Some(wait.clamp(earliest, latest)), ..fault }
    }

    /// The caller is not let in. It is not told why what it shows is bad, the log is.
    pub(super) fn denied(refusal: Refusal) -> Self {
        let (code, reason, message) = match refusal.denial {
            Denial::Missing => {
                let message = "this server wants to know who calls: no credentials were shown";
                (Code::Unauthenticated, "CREDENTIALS_MISSING", message)
            }
            Denial::Invalid => {
                let message = "the credentials are not valid";
                (Code::Unauthenticated, "CREDENTIALS_INVALID", message)
            }
            Denial::NotAllowed => {
                let message = "this caller may not use this server";
                (Code::PermissionDenied, "CALLER_NOT_ALLOWED", message)
            }
        };
        Self::of(code, reason, message)
    }

    /// The caller has had more than its share.
    pub(super) fn over_rate(caller: &Identity, over: &OverRate) -> Self {
        let (reason, unit) = match over.unit {
            Unit::Files => ("FILE_RATE_EXCEEDED", "files"),
            Unit::Bytes => ("BYTE_RATE_EXCEEDED", "bytes"),
        };
        let message = format!("a caller may send {} {unit} a second, try again", over.per_second);
        let fault = Self::of(Code::ResourceExhausted, reason, message);
        let quota = Some(Box::new((caller.subject(), unit)));
        let fault = Self { quota, retry_after: Some(over.retry_after), ..fault };
        fault.with("per_second", over.per_second)
    }

    /// No worker process could do the work. It says nothing of the file.
    pub(super) fn no_worker() -> Self {
        let message = "no worker process could do the work, try again";
        let fault = Self::of(Code::Unavailable, "WORKER_LOST", message);
        Self { retry_after: Some(RETRY_AFTER[0]), ..fault }
    }

    /// The server is about to stop.
    pub(super) fn draining() -> Self {
        let message = "the server is about to stop, try another one";
        Self::of(Code::Unavailable, "DRAINING", message)
    }

    /// The caller's time, or the most that the server grants, is over.
    pub(super) fn deadline() -> Self {
        let message = "no verdict was reached in time";
        Self::of(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", message)
    }

    /// A bug. Says nothing of the file.
    pub(super) fn internal() -> Self {
        Self::of(Code::Internal, "INTERNAL", "internal error, see the server's log")
    }

    /// The status as the caller of `request_id` gets it.
    pub(super) fn into_status(mut self, request_id: &str) -> Status {
        if self.code == Code::Internal {
            self = self.with("request_id", request_id);
        }
        let metadata: HashMap<String, String> =
            self.metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut details = ErrorDetails::with_error_info(self.reason, DOMAIN, metadata);
        if !self.violations.is_empty() {
            let violations: Vec<FieldViolation> = self
                .violations
                .into_iter()
                .map(|violation| FieldViolation {
                    field: violation.field.into_owned(),
                    description: violation.description,
                    reason: violation.reason.to_owned(),
                    ..FieldViolation::default()
                })
                .collect();
            details.set_bad_request(violations);
        }
        if let Some((subject, metric)) = self.quota.map(|quota| *quota) {
            details.set_quota_failure(vec![QuotaViolation {
                subject,
                description: self.message.clone(),
                quota_metric: metric.to_owned(),
                ..QuotaViolation::default()
            }]);
        }
        if let Some(after) = self.retry_after {
            details.set_retry_info(Some(after));
        }
        let mut status = Status::with_error_details(self.code, self.message, details);
        if let Some(after) = self.retry_after {
            let millis = after.as_millis() as u64;
            status.metadata_mut().insert("grpc-retry-pushback-ms", MetadataValue::from(millis));
        }
        status
    }

    /// The same for one item of a stream that goes on.
    pub(super) fn into_item_error(self) -> ItemError {
        ItemError {
            code: self.code as i32,
            reason: self.reason.to_owned(),
            message: self.message,
            retryable: self.code == Code::Unavailable || self.retry_after.is_some(),
        }
    }
}
