//! The methods that are served, by the names of dashboards, and the names of codes.

use tonic::Code;

use crate::observe::metrics::Method;

/// What is known of a call by its path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) method: Method,
    /// Whether it asks for a verdict on one file or filing.
    pub(super) judges: bool,
    /// Whether its caller may go on sending as long as it likes.
    pub(super) is_endless: bool,
}

const OURS: &str = "scanvet.v1.ValidationService";
const HEALTH: &str = "grpc.health.v1.Health";
const UNARY: &str = "unary";

const fn route(grpc_type: &'static str, service: &'static str, name: &'static str) -> Route {
    let method = Method { grpc_type, grpc_service: service, grpc_method: name };
    Route { method, judges: false, is_endless: false }
}

const fn judging(grpc_type: &'static str, name: &'static str) -> Route {
    Route { judges: true, ..route(grpc_type, OURS, name) }
}

const fn endless(service: &'static str, name: &'static str) -> Route {
    Route { is_endless: true, ..route("bidi_stream", service, name) }
}

const ROUTES: [Route; 12] = [
    judging(UNARY, "ValidateFile"),
    judging("client_stream", "UploadAndValidateFile"),
    judging(UNARY, "ValidateFiling"),
    endless(OURS, "StreamValidateFiles"),
    route(UNARY, OURS, "PlanFiling"),
    route(UNARY, OURS, "ListProfiles"),
    route(UNARY, OURS, "GetRuleset"),
    route(UNARY, OURS, "GetServerInfo"),
    route(UNARY, HEALTH, "Check"),
    route("server_stream", HEALTH, "Watch"),
    endless("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo"),
    endless("grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo"),
];

/// What is not served: one name for all of it, so that nobody fills the metrics with names.
const OTHER: Route = route("unknown", "_OTHER", "_OTHER");

/// The method at a path.
pub(super) fn route_of(path: &str) -> Route {
    let served = ROUTES.iter().find(|route| {
        let Method { grpc_service, grpc_method, .. } = route.method;
        let (service, method) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        service == grpc_service && method == grpc_method
    });
    served.copied().unwrap_or(OTHER)
}

/// The name of a code as dashboards for gRPC spell it, and as OpenTelemetry does.
pub(super) const fn names(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::Ok => ("OK", "OK"),
        Code::Cancelled => ("Canceled", "CANCELLED"),
        Code::Unknown => ("Unknown", "UNKNOWN"),
        Code::InvalidArgument => ("InvalidArgument", "INVALID_ARGUMENT"),
        Code::DeadlineExceeded => ("DeadlineExceeded", "DEADLINE_EXCEEDED"),
        Code::NotFound => ("NotFound", "NOT_FOUND"),
        Code::AlreadyExists => ("AlreadyExists", "ALREADY_EXISTS"),
        Code::PermissionDenied => ("PermissionDenied", "PERMISSION_DENIED"),
        Code::ResourceExhausted => ("ResourceExhausted", "RESOURCE_EXHAUSTED"),
        Code::FailedPrecondition => ("FailedPrecondition", "FAILED_PRECONDITION"),
        Code::Aborted => ("Aborted", "ABORTED"),
        Code::OutOfRange => ("OutOfRange", "OUT_OF_RANGE"),
        Code::Unimplemented => ("Unimplemented", "UNIMPLEMENTED"),
        Code::Internal => ("Internal", "INTERNAL"),
        Code::Unavailable => ("Unavailable", "UNAVAILABLE"),
        Code::DataLoss => ("DataLoss", "DATA_LOSS"),
        Code::Unauthenticated => ("Unauthenticated", "UNAUTHENTICATED"),
    }
}

/// Whether a code tells of a fault of the server, by the conventions of OpenTelemetry.
pub(super) const fn is_ours(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_service_has_a_route() {
        let pool = prost_reflect::DescriptorPool::decode(crate::grpc::proto::DESCRIPTORS).unwrap();
        let service = pool.get_service_by_name(OURS).unwrap();
        for method in service.methods() {
            let route = route_of(&format!("/{OURS}/{}", method.name()));
            assert_eq!(route.method.grpc_method, method.name());
            let grpc_type = match (method.is_client_streaming(), method.is_server_streaming()) {
                (false, false) => "unary",
                (true, false) => "client_stream",
                (false, true) => "server_stream",
                (true, true) => "bidi_stream",
            };
            assert_eq!(route.method.grpc_type, grpc_type, "{}", method.name());
        }
    }

    #[test]
    fn what_is_not_served_has_one_name() {
        for path in ["", "/", "/x", "/scanvet.v1.ValidationService/Nothing", "/a/b/c"] {
            assert_eq!(route_of(path), OTHER, "{path}");
        }
    }
}
