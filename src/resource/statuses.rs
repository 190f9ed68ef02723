//! Statuses of the standard operations, as the vocabulary tells them.

const OK: (u16, &str) = (200, "Done; the body shows it");
const CREATED: (u16, &str) = (201, "Made; Location says where");
const RESET: (u16, &str) = (205, "Done; no body");
const COUNTED: (u16, &str) =
    (200, "With dryRun=true: nothing is done; totalItems says how many match");
const ACCEPTED: (u16, &str) =
    (202, "More images match than are done at once; the Job that Location names does it");
const BAD: (u16, &str) = (400, "The request says something that is not accepted");
const MISSING: (u16, &str) = (404, "There is no such resource");
const UNCHANGED: (u16, &str) = (304, "It is as If-None-Match says");
const CONDITION: (u16, &str) = (412, "It is not in a state that If-Match or If-None-Match allows");
const UNEXPECTED: (u16, &str) = (
    412,
    "Other than expect=… images match, or it is not in a state that If-Match or If-None-Match allows",
);
const IN_USE: (u16, &str) = (409, "It is in use");
const TOO_LARGE: (u16, &str) = (413, "The body is too large");
const TYPE: (u16, &str) = (415, "The media type of the body is not read");
const QUOTA: (u16, &str) = (507, "The storage policy allows no more");

type Statuses = &'static [(u16, &'static str)];
pub const FOUND: Statuses = &[OK, UNCHANGED, MISSING, CONDITION];
pub const LISTED: Statuses = &[OK, UNCHANGED, BAD, MISSING, CONDITION];
pub const MADE: Statuses = &[CREATED, BAD, MISSING, CONDITION, TOO_LARGE, TYPE];
pub const REPLACED: Statuses = &[OK, CREATED, BAD, MISSING, CONDITION, TOO_LARGE, TYPE];
pub const UPDATED: Statuses = &[RESET, OK, BAD, MISSING, CONDITION, TOO_LARGE, TYPE];
pub const REMOVED: Statuses = &[RESET, MISSING, CONDITION];
pub const REMOVED_UNLESS_USED: Statuses = &[RESET, MISSING, IN_USE, CONDITION];
pub const REGISTERED: Statuses = &[CREATED, BAD, MISSING, CONDITION, TOO_LARGE, TYPE, QUOTA];
pub const REPLACED_WITHIN_QUOTA: Statuses = &[OK, CREATED, BAD, CONDITION, TOO_LARGE, TYPE, QUOTA];
pub const ADDED: Statuses = &[OK, BAD, MISSING, CONDITION, TOO_LARGE, TYPE];
pub const REPORTED: Statuses = &[OK, BAD, MISSING, CONDITION, TOO_LARGE, TYPE];
pub const CHANGED_BY_FILTER: Statuses =
    &[RESET, COUNTED, ACCEPTED, BAD, MISSING, UNEXPECTED, TOO_LARGE, TYPE];
pub const REMOVED_BY_FILTER: Statuses = &[RESET, COUNTED, ACCEPTED, BAD, MISSING, UNEXPECTED];
