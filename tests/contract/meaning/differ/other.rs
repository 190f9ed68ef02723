//! Independent processors of linked data, each a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::clients::{FOLDER, install};

/// Another processor, which reads bodies on its input and answers on its output.
pub struct Other {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Other {
    /// Starts a script of the clients; an interpreter that begins with `./` is one of theirs.
    pub fn start(interpreter: &str, script: &str) -> Self {
        install();
        let interpreter = match interpreter.strip_prefix("./") {
            Some(own) => format!("{FOLDER}/{own}"),
            None => interpreter.to_owned(),
        };
        let mut child = Command::new(interpreter)
            .arg(format!("{FOLDER}/{script}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the interpreter runs");
        let input = child.stdin.take().expect("an input");
        let output = BufReader::new(child.stdout.take().expect("an output"));
        Self { child, input, output }
    }

    pub fn send(&mut self, given: &Value) {
        writeln!(self.input, "{given}").expect("it reads on");
    }

    pub fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the other processor ended: {line}"))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
