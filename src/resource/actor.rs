//! The actor of a change: who made it, as the journal names it.

use std::sync::Arc;

/// Who changes something; cheap to clone. What the service does by itself has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(Arc<str>);

impl Actor {
    /// Returns the actor that stands at a path, such as that of a key.
    pub fn at(path: impl Into<Arc<str>>) -> Self {
        Self(path.into())
    }

    /// Returns the actor of what is changed by a command, without a request.
    pub fn command() -> Self {
        Self("command".into())
    }

    /// Returns where it stands.
    pub fn path(&self) -> &str {
        &self.0
    }

    /// Returns the statement after which the journal names this actor, until the transaction ends.
    pub fn setting(&self) -> String {
        // Escaped in the one form that is read alike whatever the server's settings say.
        let text = self.0.replace('\\', r"\\").replace('\'', r"\'");
        format!("SET LOCAL hydria.actor = E'{text}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_an_actor_ends_the_text_that_it_stands_in() {
        let setting = Actor::at(r"a'; \'b").setting();
        assert_eq!(setting, r"SET LOCAL hydria.actor = E'a\'; \\\'b'");
    }
}
