//! Refusal of files by Landlock.

use landlock::{ABI, Access as _, AccessFs, Ruleset, RulesetAttr as _, RulesetStatus};

use crate::SandboxError;

/// The latest interface of Landlock whose rights are asked for; kernels that know fewer refuse those that they know.
const INTERFACE: ABI = ABI::V5;

/// Refuses to open, make, remove and rename any file from now on; returns whether the kernel does.
///
/// # Errors
/// Fails if a kernel that has Landlock does not take the rules.
pub(crate) fn refuse() -> Result<bool, SandboxError> {
    let restricted = Ruleset::default()
        .handle_access(AccessFs::from_all(INTERFACE))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self);
    match restricted {
        Ok(restricted) => Ok(restricted.ruleset != RulesetStatus::NotEnforced),
        Err(error) => Err(SandboxError(format!("files cannot be refused: {error}"))),
    }
}
