//! The operations of a class on its table. A class implements what it supports and no more.

use std::ops::Deref;

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use serde_json::{Map, Value};

use super::address::Address;
use super::condition::Current;
use super::query::Query;
use super::site::{Input, UnitOfWork};
use super::{Resource, shown};
use crate::hydra::collection::{Order, Page};
use crate::hydra::{Fault, Problem};

/// A page as found, with the size of the whole collection.
pub struct PageOfRows<R> {
    pub members: Vec<R>,
    pub total: i64,
}

/// The request for a page of a collection.
pub struct ListRequest<'a> {
    pub page: Page,
    /// `None`: the default order of the collection.
    pub order: Option<Order>,
    pub query: &'a Query,
    pub faults: Vec<Fault>,
}

pub trait Retrieve: Resource {
    /// Finds one.
    ///
    /// # Errors
    /// Returns [`Problem::NotFound`] if there is none.
    fn find(s: &mut UnitOfWork<'_>, at: &Self::Address) -> Result<Self, Problem>;

    /// Finds several at once, in the order asked for: look-ups that wait together share this call.
    fn find_each(s: &mut UnitOfWork<'_>, at: &[Self::Address]) -> Vec<Result<Self, Problem>> {
        at.iter().map(|at| Self::find(s, at)).collect()
    }
}

/// Listing below an `A`; a class may be listed in several places.
pub trait List<A: Address>: Resource {
    /// # Errors
    /// Returns [`Problem::NotFound`] if `of` is not there, [`Problem::Invalid`] for a bad query.
    fn list(
        s: &mut UnitOfWork<'_>,
        of: &A,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem>;
}

pub trait Create<A: Address>: Resource {
    /// Returns what a new one starts from: the defaults of the class, unless the parent has its own.
    ///
    /// # Errors
    /// Returns [`Problem::NotFound`] if the parent is not there.
    fn initial_draft(_s: &mut UnitOfWork<'_>, _into: &A) -> Result<Self::Draft, Problem> {
        Ok(Self::Draft::default())
    }

    /// Refuses what a body says of the parent when it is another than that of the address.
    fn check_parent(_into: &A, _body: &mut Map<String, Value>, _faults: &mut Vec<Fault>) {}

    /// Makes one, under the id that was chosen or under a new one.
    ///
    /// # Errors
    /// Returns [`Problem::Invalid`] if the id or a name is taken.
    fn insert(
        s: &mut UnitOfWork<'_>,
        into: &A,
        chosen: Option<String>,
        draft: Self::Draft,
    ) -> Result<Self, Problem>;
}

/// A row that is locked until the transaction ends, in a state that the conditions of the request allow.
///
/// Only a row that is locked like this can be saved or removed, so that no class can forget `If-Match`.
#[derive(Debug)]
pub struct Locked<R>(R);

impl<R: Resource> Locked<R> {
    /// Locks a row to change it.
    ///
    /// # Errors
    /// Returns [`Problem::NotFound`] if there is none, [`Problem::PreconditionFailed`].
    pub fn to_change(
        s: &mut UnitOfWork<'_>,
        at: &R::Address,
        input: &Input,
    ) -> Result<Self, Problem>
    where
        R: Update,
    {
        let locked = R::lock(s, at)?;
        Self::allowed(locked, s, input)
    }

    /// Locks a row to delete it.
    ///
    /// # Errors
    /// Returns [`Problem::NotFound`] if there is none, [`Problem::PreconditionFailed`].
    pub fn to_remove(
        s: &mut UnitOfWork<'_>,
        at: &R::Address,
        input: &Input,
    ) -> Result<Self, Problem>
    where
        R: Remove,
    {
        let locked = R::lock_for_delete(s, at)?;
        Self::allowed(locked, s, input)
    }

    /// Locks a row to change a part of it that has an address of its own and is never shown; `is_there`: the
    /// part is.
    ///
    /// # Errors
    /// Returns [`Problem::NotFound`] if there is no such row, [`Problem::PreconditionFailed`].
    pub fn lock_for_part(
        s: &mut UnitOfWork<'_>,
        at: &R::Address,
        input: &Input,
        is_there: fn(&R) -> bool,
    ) -> Result<Self, Problem>
    where
        R: Update,
    {
        let locked = R::lock(s, at)?;
        let current = if is_there(&locked) { Current::Unseen } else { Current::Nothing };
        input.conditions.allow(current)?;
        Ok(Self(locked))
    }

    fn allowed(locked: R, s: &UnitOfWork<'_>, input: &Input) -> Result<Self, Problem> {
        if !input.conditions.is_empty() {
            let (_, _, tag) = shown(&locked, s.render_context());
            input.conditions.allow(Current::State(tag))?;
        }
        Ok(Self(locked))
    }

    pub fn into_inner(self) -> R {
        self.0
    }
}

impl<R> Deref for Locked<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.0
    }
}

/// Changing what is there, member by member.
pub trait Update: Resource {
    /// Locks the row until the transaction ends, so that no write is lost.
    ///
    /// # Errors
    /// Returns [`Problem::NotFound`] if there is none.
    fn lock(s: &mut UnitOfWork<'_>, at: &Self::Address) -> Result<Self, Problem>;

    /// Writes all that a client may write of a locked row.
    ///
    /// # Errors
    /// Returns [`Problem::Invalid`] if a name is taken.
    fn save(
        s: &mut UnitOfWork<'_>,
        locked: Locked<Self>,
        draft: Self::Draft,
    ) -> Result<Self, Problem>;
}

/// Making one at an address that the client chose.
pub trait Replace: Update {
    /// Returns what a new one at this address starts from.
    ///
    /// # Errors
    /// Returns [`Problem::Invalid`] if the parent is not there.
    fn initial_draft_at(
        _s: &mut UnitOfWork<'_>,
        _at: &Self::Address,
    ) -> Result<Self::Draft, Problem> {
        Ok(Self::Draft::default())
    }

    /// Writes all that a PUT says of a locked row.
    ///
    /// # Errors
    /// Returns [`Problem::Invalid`] if a name is taken.
    fn overwrite(
        s: &mut UnitOfWork<'_>,
        locked: Locked<Self>,
        draft: Self::Draft,
    ) -> Result<Self, Problem> {
        Self::save(s, locked, draft)
    }

    /// Makes the row.
    ///
    /// # Errors
    /// Returns [`Problem::Invalid`] if a name is taken.
    fn insert_at(
        s: &mut UnitOfWork<'_>,
        at: &Self::Address,
        draft: Self::Draft,
    ) -> Result<Self, Problem>;
}

pub trait Remove: Resource {
    /// Locks the row against all other locks until the transaction ends.
    ///
    /// # Errors
    /// Returns [`Problem::NotFound`] if there is none.
    fn lock_for_delete(s: &mut UnitOfWork<'_>, at: &Self::Address) -> Result<Self, Problem>;

    /// Removes it.
    ///
    /// # Errors
    /// Returns [`Problem::Conflict`] if it is in use.
    fn remove(s: &mut UnitOfWork<'_>, locked: Locked<Self>) -> Result<(), Problem>;
}

/// Returns what came of a statement that should have met one row.
///
/// # Errors
/// Returns [`Problem::NotFound`] if it met none.
pub fn expect_one_row(rows: usize) -> Result<(), Problem> {
    match rows {
        0 => Err(Problem::NotFound("there is no such resource".into())),
        _ => Ok(()),
    }
}

/// Returns what came of a DELETE of one row: a foreign key that it breaks is that of somebody who uses it.
///
/// # Errors
/// Returns [`Problem::NotFound`] if it met none, [`Problem::Conflict`] where the row is in use.
pub fn removed(deleted: QueryResult<usize>) -> Result<(), Problem> {
    match deleted {
        Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => {
            Err(Problem::Conflict("it is in use; remove first what refers to it".into()))
        }
        deleted => expect_one_row(deleted?),
    }
}

/// The id of something new: the chosen one, if it is well formed, or a new UUID.
///
/// # Errors
/// Returns [`Problem::Invalid`] if the chosen one is malformed.
pub fn given_or_generated_id(chosen: Option<String>) -> Result<String, Problem> {
    match chosen {
        Some(id) if super::address::is_id(&id) => Ok(id),
        Some(_) => Err(Problem::invalid("id", super::address::ID_RULE)),
        None => Ok(uuid::Uuid::new_v4().to_string()),
    }
}

/// Defines the orders of a class's lists: `ORDERABLE`, the members by which they can be ordered, and
/// `ordered`, which puts a query over the class's table in the order asked for or in the default one.
///
/// Each order ends in a column that no two members of a list share. After `; and` stand members that are no
/// columns, with the expressions that work them out.
#[macro_export]
macro_rules! orders {
    (
        $table:ident by $default:expr, then $last:ident: $($name:literal is $column:ident),+ $(,)?
        $(; and $($more:literal is $value:expr),+ $(,)?)?
    ) => {
        /// Members by which lists can be ordered.
        pub const ORDERABLE: &[&str] = &[$($name,)+ $($($more,)+)?];

        type RowQuery<'a> = $table::BoxedQuery<'a, diesel::pg::Pg>;

        fn ordered(
            found: RowQuery<'_>,
            order: Option<$crate::hydra::collection::Order>,
        ) -> RowQuery<'_> {
            let Some(order) = order else { return found.order($default) };
            match (order.by, order.descending) {
                $(
                    ($name, false) => found.order(($table::$column.asc(), $table::$last.asc())),
                    ($name, true) => found.order(($table::$column.desc(), $table::$last.desc())),
                )+
                $($(
                    ($more, false) => found.order(($value.asc(), $table::$last.asc())),
                    ($more, true) => found.order(($value.desc(), $table::$last.desc())),
                )+)?
                _ => found.order($default),
            }
        }
    };
}

/// One page of a boxed query in the order that the class's `ordered` gives it, and the size of the whole.
///
/// A macro, for diesel counts and loads the same expression as two types
/// that no trait bound of readable length relates.
#[macro_export]
macro_rules! paged {
    ($conn:expr, $wanted:expr, $query:expr) => {
        $crate::paged!($conn, $wanted, $query, Self::as_select())
    };
    ($conn:expr, $wanted:expr, $query:expr, $select:expr) => {{
        let (page, order) = $wanted.validated()?;
        let total: i64 = $query.count().get_result($conn)?;
        let found = ordered($query, order).limit(page.size).offset(page.offset());
        let members = found.select($select).load($conn)?;
        Ok($crate::resource::PageOfRows { members, total })
    }};
}

impl<'a> ListRequest<'a> {
    /// Returns what the query of a request asks of the collection that answers it, with what is wrong with it.
    pub fn of(input: &'a Input) -> Self {
        let mut faults = Vec::new();
        let page = input.query.checked_page(&mut faults);
        let order = input.collection.as_ref().and_then(|collection| {
            input.query.check_texts(collection.filters, &mut faults);
            input.query.order(collection.orderable, &mut faults)
        });
        Self { page, order, query: &input.query, faults }
    }

    /// The page and the order, where nothing is wrong with the query.
    ///
    /// # Errors
    /// Returns [`Problem::Invalid`] with every fault of the query found so far.
    pub fn validated(self) -> Result<(Page, Option<Order>), Problem> {
        if self.faults.is_empty() { Ok((self.page, self.order)) } else { Err(self.faults.into()) }
    }

    /// Returns what is given for a filter; an empty text is no condition.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.query.get(name).filter(|text| !text.is_empty())
    }
}
