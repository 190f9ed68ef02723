//! The user PostgreSQL's programs run as when we are root.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

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
    /// The user a new cluster is made for: `postgres`, else `nobody`.
    pub fn unprivileged() -> Result<Self, PrivateError> {
        let users = users()?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| users.iter().find(|user| user.name == *name && user.uid != 0))
            .cloned()
            .ok_or(PrivateError::NoAccount)
    }

    /// The owner of a cluster that is there; none if that is root, which cannot run it.
    pub fn owner(cluster: &Metadata) -> Result<Option<Self>, PrivateError> {
        let uid = cluster.uid();
        if uid == 0 {
            return Ok(None);
        }
        let known = users()?.into_iter().find(|user| user.uid == uid);
        Ok(Some(known.unwrap_or(Self { name: uid.to_string(), uid, gid: cluster.gid() })))
    }

    /// Whether this user may pass into a folder, the ones above it included.
    ///
    /// The kernel is asked, which knows more than the modes say: a child takes the user's rights,
    /// enters the folder, and then finds that there is no such program.
    pub fn reaches(&self, folder: &Path) -> bool {
        let mut command = Command::new("/proc/self/no-such-program");
        command.uid(self.uid).gid(self.gid).current_dir(folder);
        command.spawn().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }
}

fn users() -> Result<Vec<Account>, PrivateError> {
    let path = Path::new("/etc/passwd");
    let text = std::fs::read(path).map_err(error::io("reading", path))?;
    Ok(String::from_utf8_lossy(&text).lines().filter_map(user).collect())
}

/// Reads a line of passwd(5), `name:password:uid:gid:…`.
fn user(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account { name, uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_passwd_is_read_and_a_strange_one_passed_over() {
        let postgres = Account { name: "postgres".to_owned(), uid: 101, gid: 104 };
        assert_eq!(
            user("postgres:x:101:104:Admin,,,:/var/lib/postgresql:/bin/bash"),
            Some(postgres)
        );
        for strange in ["", "+::::::", "name:x:uid:gid", "name:x:1"] {
            assert_eq!(user(strange), None, "{strange}");
        }
    }
}
