//! The priority queue of a customer: what is submitted here is processed before what waits in its queue.

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::{SUBMISSION, submit};
use crate::addresses::{self, CustomerAddress};
use crate::hydra::Problem;
use crate::resource::*;
use crate::schema::jobs;

#[derive(Debug)]
pub struct PriorityQueue {
    customer: i32,
    size: i64,
}

impl Resource for PriorityQueue {
    type Address = CustomerAddress;
    type Draft = ();

    const NAME: &'static str = "PriorityQueue";
    const TEMPLATE: &'static str = addresses::PRIORITY_QUEUE;
    const CLASS: Class<Self> = Class {
        doc: "Where images are registered that go before those of the queue. These do not stand still \
              meanwhile: about one image of four is theirs.",
        properties: &[&field(
            "size",
            "Images submitted here that wait, or are being processed",
            |q: &Self| &q.size,
        )
        .non_negative()],
        operations: &[retrieve_counting::<Self>(), SUBMIT],
        ..Class::EMPTY
    };

    fn address(&self) -> CustomerAddress {
        CustomerAddress { customer: self.customer }
    }
    fn draft(&self) {}
}

const SUBMIT: Operation<CustomerAddress> =
    SUBMISSION.writes(|s, at, input| submit(s, *at, input, true));

impl Retrieve for PriorityQueue {
    fn find(s: &mut UnitOfWork<'_>, at: &CustomerAddress) -> Result<Self, Problem> {
        // The index leads with whether a request waits as well.
        let own = jobs::table
            .filter(jobs::immediate.eq_any([false, true]))
            .filter(jobs::customer.eq(at.customer))
            .filter(jobs::priority);
        Ok(Self { customer: at.customer, size: own.select(count_star()).first(s.conn)? })
    }
}
