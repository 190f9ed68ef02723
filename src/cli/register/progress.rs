//! The progress of a registration, on a terminal.

use std::io::{IsTerminal as _, Write as _};

/// Characters of the bar.
const WIDTH: usize = 30;

/// Progress of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub lines: usize,
    pub registered: usize,
    pub processed: usize,
    pub errors: usize,
}

/// A line on the standard error that is written over; nothing where that is no terminal.
pub(super) struct Progress {
    pub counts: Counts,
    is_shown: bool,
    /// Characters of the line that stands there now.
    written: usize,
}

impl Progress {
    pub fn new() -> Self {
        let is_shown = std::io::stderr().is_terminal();
        Self { counts: Counts::default(), is_shown, written: 0 }
    }

    /// Writes the line anew.
    pub fn show(&mut self) {
        if self.is_shown {
            let line = line(self.counts);
            self.clear();
            self.written = line.chars().count();
            put(&line);
        }
    }

    /// Removes the line, so that another can be printed.
    pub fn clear(&mut self) {
        if self.written > 0 {
            put(&format!("\r{:1$}\r", "", self.written));
            self.written = 0;
        }
    }

    /// Leaves the line as it stands.
    pub fn end(&mut self) {
        if self.written > 0 {
            put("\n");
            self.written = 0;
        }
    }
}

fn put(text: &str) {
    let mut stderr = std::io::stderr();
    // A terminal that is gone needs no progress.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

fn line(counts: Counts) -> String {
    let Counts { lines, registered, processed, errors } = counts;
    // Half of the bar for each of the two parts.
    let done = (registered + processed) * WIDTH / (2 * lines).max(1);
    let bar: String = (0..WIDTH).map(|at| if at < done { '#' } else { '.' }).collect();
    format!("[{bar}] {registered} of {lines} registered, {processed} processed, {errors} errors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_when_all_is_registered_and_processed() {
        let counts = Counts { lines: 8, registered: 8, processed: 8, errors: 1 };
        assert!(line(counts).starts_with(&format!("[{}] 8 of 8 registered", "#".repeat(WIDTH))));
        let half = Counts { processed: 0, ..counts };
        assert_eq!(line(half).matches('#').count(), WIDTH / 2);
        assert_eq!(line(Counts::default()).matches('#').count(), 0);
    }
}
