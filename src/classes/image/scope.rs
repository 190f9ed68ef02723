//! Scopes of collections of images.

use diesel::prelude::*;

use crate::addresses::{BatchAddress, CustomerAddress, SpaceAddress};
use crate::hydra::Problem;
use crate::schema::{batches, spaces};

/// The scope of a collection of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Space(SpaceAddress),
    All(CustomerAddress),
    /// With a job, waiting or under way.
    Queue(CustomerAddress),
    /// For which it is the latest batch.
    Batch(BatchAddress),
    BatchCompleted(BatchAddress),
    BatchErrors(BatchAddress),
}

impl Scope {
    /// Checks that the collection's parent exists, of which members would be proof.
    ///
    /// # Errors
    /// Returns [`Problem::NotFound`] where it does not.
    pub(super) fn must_be_there(self, conn: &mut PgConnection) -> Result<(), Problem> {
        match self {
            Self::Space(at) => {
                let space = spaces::table.find((at.customer, at.space));
                Ok(space.select(spaces::id).first::<i32>(conn).map(|_| ())?)
            }
            Self::Batch(at) | Self::BatchCompleted(at) | Self::BatchErrors(at) => {
                let own = batches::table.filter(batches::customer.eq(at.customer));
                let batch = own.filter(batches::id.eq(at.batch));
                Ok(batch.select(batches::id).first::<i64>(conn).map(|_| ())?)
            }
            Self::All(_) | Self::Queue(_) => Ok(()),
        }
    }

    /// The one space whose images it holds; `None`: they may be of any.
    pub(super) fn one_space(self) -> Option<i32> {
        match self {
            Self::Space(at) => Some(at.space),
            _ => None,
        }
    }

    pub(super) fn customer(self) -> i32 {
        match self {
            Self::Space(at) => at.customer,
            Self::All(at) | Self::Queue(at) => at.customer,
            Self::Batch(at) | Self::BatchCompleted(at) | Self::BatchErrors(at) => at.customer,
        }
    }
}
