//! Problems of answering, in the terms of the domain. Statuses are `web`'s business.

use std::error::Error;
use std::fmt;

use super::fault::Fault;

/// Faults that a problem lists, at most: one for each of a thousand images, and some.
pub const MAX_FAULTS: usize = 2_000;

/// Bytes of the faults that a problem lists, at most.
const MAX_FAULT_BYTES: usize = 256 << 10;

/// Faults that a problem tells in words, at most.
const MAX_TOLD: usize = 100;

/// The reason why a request is not answered as it wished.
#[derive(Debug)]
pub enum Problem {
    /// Credentials are missing or wrong.
    Unauthenticated,
    /// Says in words that pixels are open only to holders of a role of the image; keys of the API hold none.
    RoleRequired(&'static str),
    /// The caller may not do this.
    Forbidden(String),
    NotFound(String),
    /// The address is there, but not for this method; the methods it has.
    MethodNotAllowed(Vec<&'static str>),
    /// The resource is there, but in no media type that the client accepts; those there are.
    NotAcceptable {
        offered: String,
    },
    /// The body is larger than is read, in bytes.
    TooLarge {
        limit_bytes: usize,
    },
    /// An upload is to have more bytes than is allowed.
    UploadTooLarge {
        limit_bytes: u64,
    },
    /// The body goes on beyond the end of an upload of `length` bytes.
    BeyondEnd {
        length: i64,
    },
    /// The request target is longer than is read, in bytes.
    TargetTooLong {
        limit_bytes: usize,
    },
    /// The head of the request has more bytes, or more header lines, than are read.
    HeadTooLarge {
        limit_bytes: usize,
        limit_lines: usize,
    },
    /// The media type of the body is not offered.
    UnsupportedMediaType {
        given: String,
        offered: &'static str,
    },
    /// The body is encoded in a way that is not read, such as `gzip`.
    UnsupportedEncoding(String),
    /// The body did not come in the time that is given for it, in seconds.
    TooSlow {
        limit_s: u64,
    },
    /// Fewer bytes of an upload came than the least rate, in bytes a second, brings in so many seconds.
    BelowLeastRate {
        least_rate: u64,
        over_s: u64,
    },
    /// The body or the query cannot be read at all.
    Unreadable(String),
    /// The body is not of the syntax that its type promises, with the place where that ends.
    Malformed(Fault),
    /// The resource is not in a state that the conditions of the request allow.
    PreconditionFailed(String),
    /// The body or the query was read and refused: every fault is listed, not the first only.
    Invalid(Vec<Fault>),
    /// What is to be removed is in use.
    Conflict(String),
    /// An upload has `offset` bytes, and not as many as the request says, or another request goes on there.
    OffsetConflict {
        offset: i64,
    },
    /// A log-in is right for several accounts, of customers with these names.
    SeveralAccounts(Vec<String>),
    /// A quota is exhausted.
    QuotaExceeded(String),
    /// Something the service stands on does not answer; worth another try.
    Unavailable(String, Option<Box<dyn Error + Send + Sync>>),
    /// Two requests met, and this one had to yield; it is tried again before anybody hears of it.
    SerializationConflict(Option<Box<dyn Error + Send + Sync>>),
    /// A fault of ours; its cause is for the log only.
    Internal(Box<dyn Error + Send + Sync>),
}

impl Problem {
    pub fn invalid(member: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(member, reason)])
    }

    pub fn taken(member: impl Into<String>) -> Self {
        let fault = Fault { taken: true, ..Fault::new(member, "is already taken") };
        Self::Invalid(vec![fault])
    }

    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// Local name of its kind, as the vocabulary describes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unauthenticated | Self::RoleRequired(_) => "AuthenticationRequired",
            Self::Forbidden(_) => "AccessDenied",
            Self::NotFound(_) => "NotFound",
            Self::MethodNotAllowed(_) => "MethodNotAllowed",
            Self::NotAcceptable { .. } => "NotAcceptable",
            Self::TooLarge { .. } | Self::UploadTooLarge { .. } | Self::BeyondEnd { .. } => {
                "BodyTooLarge"
            }
            Self::UnsupportedMediaType { .. } | Self::UnsupportedEncoding(_) => {
                "UnsupportedMediaType"
            }
            Self::TargetTooLong { .. } => "TargetTooLong",
            Self::HeadTooLarge { .. } => "HeadTooLarge",
            Self::TooSlow { .. } | Self::BelowLeastRate { .. } => "BodyTooSlow",
            Self::Unreadable(_) | Self::Malformed(_) => "UnreadableRequest",
            Self::PreconditionFailed(_) => "PreconditionFailed",
            Self::Invalid(faults) if faults.iter().all(|f| f.taken) => "AlreadyTaken",
            Self::Invalid(_) => "ValidationError",
            Self::Conflict(_) => "InUse",
            Self::OffsetConflict { .. } => "OffsetConflict",
            Self::SeveralAccounts(_) => "SeveralAccounts",
            Self::QuotaExceeded(_) => "QuotaExceeded",
            Self::Unavailable(..) | Self::SerializationConflict(_) => "Unavailable",
            Self::Internal(_) => "InternalError",
        }
    }
}

/// Every kind of problem with what it means, for the vocabulary.
pub const KINDS: [(&str, &str); 20] = [
    ("AuthenticationRequired", "Credentials are missing or wrong."),
    ("AccessDenied", "The caller may not do this."),
    ("NotFound", "There is no such resource."),
    ("MethodNotAllowed", "The resource does not offer this method; Allow lists those it has."),
    ("NotAcceptable", "The resource is there, but in no media type that Accept lists."),
    ("BodyTooLarge", "The body is larger than the service reads."),
    ("TargetTooLong", "The address that was asked for is longer than the service reads."),
    ("HeadTooLarge", "The headers of the request are larger than the service reads."),
    ("UnsupportedMediaType", "The media type of the body, or its encoding, is not offered."),
    ("BodyTooSlow", "The body did not come in time."),
    ("UnreadableRequest", "The body or the query cannot be parsed."),
    ("PreconditionFailed", "The resource is not in a state that If-Match or If-None-Match allows."),
    ("AlreadyTaken", "A name or id is in use already."),
    ("ValidationError", "The body or the query says something that is not accepted."),
    ("InUse", "What is to be removed is in use."),
    ("OffsetConflict", "An upload has another number of bytes than the request says."),
    ("SeveralAccounts", "A log-in is right for several accounts; name the customer of one."),
    ("QuotaExceeded", "The storage policy allows no more."),
    ("Unavailable", "The service cannot answer now; try again later."),
    ("InternalError", "A fault of the service."),
];

/// Returns a problem of each kind, for those who must know them all.
pub fn of_each_kind() -> Vec<Problem> {
    let words = String::new;
    vec![
        Problem::Unauthenticated,
        Problem::Forbidden(words()),
        Problem::NotFound(words()),
        Problem::MethodNotAllowed(Vec::new()),
        Problem::NotAcceptable { offered: words() },
        Problem::PreconditionFailed(words()),
        Problem::TooSlow { limit_s: 0 },
        Problem::TooLarge { limit_bytes: 0 },
        Problem::TargetTooLong { limit_bytes: 0 },
        Problem::HeadTooLarge { limit_bytes: 0, limit_lines: 0 },
        Problem::UnsupportedMediaType { given: words(), offered: "" },
        Problem::Unreadable(words()),
        Problem::taken(words()),
        Problem::invalid(words(), words()),
        Problem::Conflict(words()),
        Problem::OffsetConflict { offset: 0 },
        Problem::SeveralAccounts(Vec::new()),
        Problem::QuotaExceeded(words()),
        Problem::Unavailable(words(), None),
        Problem::internal(words()),
    ]
}

/// A member of a problem document, or of one of its violations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub name: &'static str,
    /// Its IRI, with a prefix; `vocab:` for our own.
    pub iri: &'static str,
    /// An XML Schema type, or the class of what it names.
    pub range: &'static str,
    pub doc: &'static str,
    /// Tells whether every document has it.
    pub always: bool,
    /// Tells whether it has several values.
    pub many: bool,
}

impl Member {
    /// Returns whether its value is an IRI.
    pub fn is_link(self) -> bool {
        self.range.starts_with("hydra:")
    }
}

const fn member(
    name: &'static str,
    iri: &'static str,
    range: &'static str,
    doc: &'static str,
) -> Member {
    Member { name, iri, range, doc, always: true, many: false }
}

/// Members of a problem document (RFC 9457), beside `@context` and `@type`.
pub const MEMBERS: [Member; 8] = [
    member("type", "rdf:type", "hydra:Class", "The kind of problem"),
    member("title", "rdfs:label", "xsd:string", "The status in words"),
    member("status", "hydra:statusCode", "xsd:integer", "The status"),
    member("detail", "rdfs:comment", "xsd:string", "What is wrong, in words"),
    member("instance", "rdfs:seeAlso", "hydra:Resource", "The address that was asked for"),
    member("requestId", "vocab:Error/requestId", "xsd:string", "Names the request in the log"),
    Member {
        always: false,
        many: true,
        ..member(
            "customers",
            "vocab:Error/customers",
            "xsd:string",
            "Names of the customers to choose from, where a log-in is right for several accounts",
        )
    },
    Member {
        always: false,
        many: true,
        ..member(
            "violations",
            "vocab:Error/violations",
            "vocab:ConstraintViolation",
            "Every fault of the body or the query",
        )
    },
];

/// Members of a violation, beside `@type`.
pub const VIOLATION: [Member; 4] = [
    member("propertyPath", "vocab:propertyPath", "xsd:string", "The member it is about"),
    member("message", "vocab:ConstraintViolation/message", "xsd:string", "What is wrong, in words"),
    Member {
        always: false,
        ..member(
            "pointer",
            "vocab:ConstraintViolation/pointer",
            "xsd:string",
            "JSON pointer into the body as sent, after a #; what is wrong with a query has none",
        )
    },
    Member {
        always: false,
        ..member(
            "node",
            "vocab:ConstraintViolation/node",
            "xsd:string",
            "In place of a pointer into a body that is not in the service's own terms: the IRI or label of the \
             node it is about, or member[3] for the fourth member of a collection",
        )
    },
];

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SeveralAccounts(customers) => write!(
                f,
                "this is right for several accounts; log in with customer as well, one of: {}",
                customers.join(", ")
            ),
            Self::OffsetConflict { offset } => write!(
                f,
                "the upload has {offset} bytes, and this request does not go on there; another one may have begun to: ask by \
                 HEAD, and go on from Upload-Offset"
            ),
            Self::Unauthenticated => f.write_str(
                "this needs the key and secret of a customer, by Basic authentication, or a log-in; \
                 those given, if any, are not valid",
            ),
            Self::RoleRequired(what) => f.write_str(what),
            Self::Forbidden(what)
            | Self::NotFound(what)
            | Self::Unreadable(what)
            | Self::PreconditionFailed(what)
            | Self::Conflict(what)
            | Self::QuotaExceeded(what)
            | Self::Unavailable(what, _) => f.write_str(what),
            Self::MethodNotAllowed(methods) => {
                write!(f, "this address offers {} only", methods.join(", "))
            }
            Self::NotAcceptable { offered } => {
                write!(f, "nothing that Accept lists is offered here; accept one of {offered}")
            }
            Self::TooLarge { limit_bytes } => {
                write!(f, "the body is larger than {limit_bytes} bytes")
            }
            Self::UploadTooLarge { limit_bytes } => {
                write!(f, "an upload has at most {limit_bytes} bytes")
            }
            Self::BeyondEnd { length } => write!(
                f,
                "the upload ends at byte {length}, as was declared when it was made, and this request has more bytes than are missing"
            ),
            Self::TargetTooLong { limit_bytes } => {
                write!(f, "the address that was asked for is longer than {limit_bytes} bytes")
            }
            Self::HeadTooLarge { limit_bytes, limit_lines } => write!(
                f,
                "the head of the request has more than {limit_bytes} bytes, or more than \
                 {limit_lines} headers"
            ),
            Self::BelowLeastRate { least_rate, over_s } => write!(
                f,
                "fewer than {least_rate} bytes a second came for {over_s} seconds; what came is kept: ask by HEAD, and go on from \
                 Upload-Offset"
            ),
            Self::TooSlow { limit_s } => {
                write!(f, "the body did not come in time: {limit_s} seconds passed")
            }
            Self::Malformed(fault) => match fault.member.as_str() {
                "" => write!(f, "{fault}"),
                member => write!(f, "the body {}, in {member}", fault.reason),
            },
            Self::UnsupportedMediaType { given, offered } => {
                write!(f, "a body of type {given} is not read here; send one of {offered}")
            }
            Self::UnsupportedEncoding(given) => {
                write!(f, "a body in the encoding {given} is not read here; send it as it is")
            }
            Self::Invalid(faults) => {
                for (i, fault) in faults.iter().take(MAX_TOLD).enumerate() {
                    write!(f, "{}{fault}", if i == 0 { "" } else { "; " })?;
                }
                match faults.len().saturating_sub(MAX_TOLD) {
                    0 => Ok(()),
                    more => write!(f, "; and {more} more"),
                }
            }
            Self::SerializationConflict(_) => f.write_str("too many write here at once; try again"),
            Self::Internal(_) => f.write_str("the service failed; its log says why"),
        }
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Internal(cause)
            | Self::Unavailable(_, Some(cause))
            | Self::SerializationConflict(Some(cause)) => Some(&**cause),
            _ => None,
        }
    }
}

impl From<Vec<Fault>> for Problem {
    fn from(mut faults: Vec<Fault>) -> Self {
        let mut bytes = 0_usize;
        let mut fits = |fault: &Fault| {
            bytes = bytes.saturating_add(fault.bytes());
            bytes <= MAX_FAULT_BYTES
        };
        let listed = faults.iter().take(MAX_FAULTS).take_while(|fault| fits(fault)).count().max(1);
        if faults.len() > listed {
            let more = faults.len() - listed;
            faults.truncate(listed);
            let fault = Fault::new("", format!("has at least {more} more faults"));
            faults.push(Fault { pointer: String::new(), ..fault });
        }
        Self::Invalid(faults)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Invalid(vec![fault])
    }
}
