//! The user PostgreSQL's programs run as when we are root.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};

use super::PrivateError;
use super::error;

/// A user of the machine, other than root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// Returns the user a new cluster is made for: `postgres`, else `nobody`.
    ///
    /// Users are looked up by the name service of the machine, so that accounts of LDAP or SSSD are found.
    pub fn unprivileged() -> Result<Self, PrivateError> {
        for name in ["postgres", "nobody"] {
            if let Some(account) = named(User::from_name(name))?.filter(|user| user.uid != 0) {
                return Ok(account);
            }
        }
        Err(PrivateError::NoAccount)
    }

    /// Returns the owner of an existing cluster; `None` if that is root, which cannot run it.
    pub fn owner(cluster: &Metadata) -> Result<Option<Self>, PrivateError> {
        let uid = cluster.uid();
        if uid == 0 {
            return Ok(None);
        }
        let known = named(User::from_uid(Uid::from_raw(uid)))?;
        Ok(Some(known.unwrap_or(Self { name: uid.to_string(), uid, gid: cluster.gid() })))
    }

    /// Returns whether this user may pass into a folder, the ones above it included.
    ///
    /// The kernel is asked, which knows more than the modes say: a child takes the user's rights,
    /// enters the folder, and then finds that there is no such program.
    pub fn reaches(&self, folder: &Path) -> bool {
        let mut command = Command::new("/proc/self/no-such-program");
        command.uid(self.uid).gid(self.gid).current_dir(folder);
        command.spawn().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }
}

fn named(found: nix::Result<Option<User>>) -> Result<Option<Account>, PrivateError> {
    let found = found.map_err(|errno| error::io("looking up a user in", "passwd")(errno.into()))?;
    Ok(found.map(|User { name, uid, gid, .. }| Account {
        name,
        uid: uid.as_raw(),
        gid: gid.as_raw(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_the_machine_is_found_and_root_is_not_taken() {
        assert_ne!(Account::unprivileged().unwrap().uid, 0);
        assert_eq!(named(User::from_name("no-such-user")).unwrap(), None);
    }
}
