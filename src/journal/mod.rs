//! The journal: how every process learns that an image that can be served was changed (`docs/adr/0019`).
//!
//! Triggers write a row in the transaction of each change. A reader in each process that serves images looks for the
//! rows that have become visible since its last look, and tells a hub, which those who keep rows of images listen to.

//!
//! Beside it stands the record of all changes, in the table `changes` (`docs/adr/0021`), which is read in the order of its
//! numbers up to a watermark.

pub mod change;
pub mod feed;
pub mod hub;
pub mod partitions;
pub mod reader;
pub mod retention;
pub mod snapshot;
pub mod watermark;

pub use change::Change;
pub use feed::Feed;
pub use hub::Hub;
pub use reader::Reader;
pub use watermark::Watermark;

use crate::addresses::ImageAddress;

/// Changes to images that can be served, as they are told to those who keep what they have read of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// These images were changed or deleted; each is named once, in no order.
    Images(Vec<ImageAddress>),
    /// Every image may have been changed.
    Unknown,
}

impl Changes {
    /// Returns whether nothing was changed.
    pub fn are_none(&self) -> bool {
        matches!(self, Self::Images(images) if images.is_empty())
    }
}
