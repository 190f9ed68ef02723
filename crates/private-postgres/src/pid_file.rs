//! The file in which PostgreSQL's first process describes itself.

use std::path::Path;

/// The state of a server according to its `postmaster.pid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PidFile {
    /// Its process id; `None` if the file has no valid number.
    pub pid: Option<u32>,
    /// Tells whether it takes connections.
    pub is_ready: bool,
}

impl PidFile {
    /// Reads the file of a cluster; returns `None` if there is none.
    pub fn read(cluster: &Path) -> Option<Self> {
        std::fs::read_to_string(cluster.join("postmaster.pid")).ok().map(|text| Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let mut lines = text.lines().map(str::trim);
        // Negative where a single-user server, such as pg_upgrade's, has the cluster.
        let pid = lines.next().and_then(|line| line.parse::<i32>().ok()).map(i32::unsigned_abs);
        Self { pid, is_ready: lines.nth(6) == Some("ready") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_tells_the_process_and_whether_it_is_ready() {
        let file = |pid: &str, status: &str| {
            PidFile::parse(&format!("{pid}\n/data\n1785000000\n5432\n/sock\n\n  12 34\n{status}\n"))
        };
        assert_eq!(file("77", "ready   "), PidFile { pid: Some(77), is_ready: true });
        assert_eq!(file("77", "starting"), PidFile { pid: Some(77), is_ready: false });
        assert_eq!(file("-77", ""), PidFile { pid: Some(77), is_ready: false });
        assert_eq!(PidFile::parse(""), PidFile { pid: None, is_ready: false });
        assert_eq!(PidFile::parse("77\n/data\n"), PidFile { pid: Some(77), is_ready: false });
    }
}
