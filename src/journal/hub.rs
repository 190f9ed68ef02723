//! The hub at which changes to images are told in this process.

use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;

use super::Changes;

type Listener = Box<dyn Fn(&Changes) + Send + Sync>;

/// Tells changes to all that listen; cheap to clone.
#[derive(Clone, Default)]
pub struct Hub(Arc<RwLock<Vec<Listener>>>);

impl Hub {
    /// Calls `listener` with all changes from now on, for as long as there is a hub.
    ///
    /// It is called on the thread that learns of the changes, before a request that made them is answered, so it must
    /// be quick, and must not call the hub.
    pub fn subscribe(&self, listener: impl Fn(&Changes) + Send + Sync + 'static) {
        self.0.write().push(Box::new(listener));
    }

    /// Tells all listeners, unless nothing was changed; they know when this returns.
    pub fn publish(&self, changes: &Changes) {
        if changes.are_none() {
            return;
        }
        for listener in self.0.read().iter() {
            listener(changes);
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hub({} listeners)", self.0.read().len())
    }
}
