//! Why the service says no, with the status and the code it says it with.

/// A refusal of the model.
///
/// Facts: "Status and error codes", Azure Storage REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such container.
    ContainerNotFound,
    /// There is one of that name already.
    ContainerAlreadyExists,
    /// The container is there, the blob is not.
    BlobNotFound,
    /// There is one already, and the caller wanted none.
    BlobAlreadyExists,
    /// The append blob has another length than the condition said.
    AppendPosition,
    /// The blob is not of the version that the caller wants.
    ConditionNotMet,
    /// An append to something that is no append blob.
    InvalidBlobType,
    /// An append without a byte.
    EmptyAppend,
    /// An append of more than 4 MiB.
    TooLarge,
    /// The append blob has taken as many blocks as it ever will.
    TooManyBlocks,
    /// A block blob is to be made of a part that is not there.
    InvalidBlockList,
    /// A listing cannot go on from this continuation.
    InvalidMarker,
    /// The range starts past the end.
    InvalidRange,
    /// A header that the operation needs is absent or makes no sense.
    InvalidHeader,
    /// A query parameter that makes no sense.
    InvalidQuery,
    /// A name that is no UTF-8 or too long.
    InvalidName,
    /// Such an operation on such a resource is not known.
    UnsupportedOperation,
    /// A container of made-up blobs takes no writes. Not an answer of the service.
    ReadOnly,
    /// The signature or the token is not accepted.
    AuthenticationFailed,
}

impl Refusal {
    /// HTTP status, error code and message as the service sends them.
    pub fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::ContainerNotFound => (
                404,
                "ContainerNotFound",
                "The specified container does not exist.",
            ),
            Self::ContainerAlreadyExists => (
                409,
                "ContainerAlreadyExists",
                "The specified container already exists.",
            ),
            Self::BlobNotFound => (404, "BlobNotFound", "The specified blob does not exist."),
            Self::BlobAlreadyExists => (
                409,
                "BlobAlreadyExists",
                "The specified blob already exists.",
            ),
            Self::AppendPosition => (
                412,
                "AppendPositionConditionNotMet",
                "The append position condition specified was not met.",
            ),
            Self::ConditionNotMet => (
                412,
                "ConditionNotMet",
                "The condition specified using HTTP conditional header(s) is not met.",
            ),
            Self::InvalidBlockList => (
                400,
                "InvalidBlockList",
                "The specified block list is invalid.",
            ),
            Self::InvalidBlobType => (
                409,
                "InvalidBlobType",
                "The blob type is invalid for this operation.",
            ),
            Self::EmptyAppend => (
                400,
                "InvalidHeaderValue",
                "The value for one of the HTTP headers is not in the correct format.",
            ),
            Self::TooLarge => (
                413,
                "RequestBodyTooLarge",
                "The request body is too large and exceeds the maximum permissible limit.",
            ),
            Self::TooManyBlocks => (
                409,
                "BlockCountExceedsLimit",
                "The committed block count cannot exceed the maximum limit of 50,000 blocks.",
            ),
            Self::InvalidMarker => (
                400,
                "OutOfRangeInput",
                "One of the request inputs is out of range.",
            ),
            Self::InvalidRange => (
                416,
                "InvalidRange",
                "The range specified is invalid for the current size of the resource.",
            ),
            Self::InvalidHeader => (
                400,
                "InvalidHeaderValue",
                "The value for one of the HTTP headers is not in the correct format.",
            ),
            Self::InvalidQuery => (
                400,
                "InvalidQueryParameterValue",
                "Value for one of the query parameters specified in the request URI is invalid.",
            ),
            Self::InvalidName => (
                400,
                "InvalidUri",
                "The requested URI does not represent any resource on the server.",
            ),
            Self::UnsupportedOperation => (
                405,
                "UnsupportedHttpVerb",
                "The resource doesn't support specified Http Verb.",
            ),
            Self::ReadOnly => (
                403,
                "ReadOnlyContainer",
                "This container of made-up blobs takes no writes.",
            ),
            Self::AuthenticationFailed => (
                403,
                "AuthenticationFailed",
                "Server failed to authenticate the request.",
            ),
        }
    }
}
