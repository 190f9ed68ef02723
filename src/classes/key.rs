//! Keys: with one, and its secret, a program acts for a customer.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::addresses::{self, CustomerAddress, KeyAddress};
use crate::hydra::Problem;
use crate::paged;
use crate::resource::*;
use crate::schema::{customers, keys};
use crate::secrets::{self, Secret};

/// Never printed, because it may hold its secret.
pub struct Key {
    pub customer: i32,
    pub key: String,
    pub created: DateTime<Utc>,
    pub limits: Limits,
    /// Known at creation only; the store has a hash of it.
    pub secret: Option<String>,
}

/// The limits of a key, which are set when it is made, once and for all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    pub read_only: bool,
    /// Moment at which it stops working; `None`: never.
    pub expires: Option<DateTime<Utc>>,
}

impl Limits {
    /// Returns whether there is no limit, so that the key may be all that its customer has.
    fn is_unlimited(self) -> bool {
        self == Self::default()
    }

    /// Refuses an end that is over.
    ///
    /// # Errors
    /// Returns what the end must be, in words.
    pub fn check(self) -> Result<(), String> {
        expires_rule(&self.expires)
    }
}

impl Resource for Key {
    type Address = KeyAddress;
    type Draft = Limits;

    const NAME: &'static str = "Key";
    const TEMPLATE: &'static str = addresses::KEY;
    const CLASS: Class<Self> = Class {
        doc: "A key with which a program acts for a customer: the user name of Basic authentication.",
        properties: &[
            &field("id", "The key", |k: &Self| &k.key),
            &field("key", "The key", |k: &Self| &k.key),
            &field("secret", "The password; shown once, when the key is made", |k: &Self| {
                &k.secret
            }),
            &field("created", "When it was made", |k: &Self| &k.created),
            &field(
                "readOnly",
                "Whether it only reads; every other method is 403. Given when it is made",
                |k: &Self| &k.limits.read_only,
            )
            .writable(|l| &mut l.read_only),
            &field(
                "expires",
                "When it stops working; without it, never. Given when it is made",
                |k: &Self| &k.limits.expires,
            )
            .writable(|l| &mut l.expires)
            .rule(expires_rule)
            .example("2099-12-31T23:59:59Z"),
        ],
        operations: &[
            retrieve::<Self>(),
            remove::<Self>().answering(&[
                (205, "Removed; no body"),
                (400, "It is the last key of an administrator that neither only reads nor expires"),
                (404, "There is no such resource"),
                (412, "It is not in a state that If-Match or If-None-Match allows"),
            ]),
        ],
        ..Class::EMPTY
    };

    fn address(&self) -> KeyAddress {
        KeyAddress { customer: self.customer, key: self.key.clone() }
    }
    fn draft(&self) -> Limits {
        self.limits
    }
}

#[expect(clippy::ref_option, reason = "a rule is given what the row holds")]
fn expires_rule(expires: &Option<DateTime<Utc>>) -> Result<(), String> {
    match expires {
        Some(expires) if *expires <= Utc::now() => Err("must be in the future".into()),
        _ => Ok(()),
    }
}

crate::orders! {
    keys by (keys::created, keys::key), then key:
    "id" is key, "key" is key, "created" is created, "readOnly" is read_only,
}

pub static KEYS: Collection<CustomerAddress, Key> = collection_of(
    "KeyCollection",
    "The keys of a customer, without their secrets, in the order they were made.",
)
.lists()
.posts(MAKE)
.ordered(ORDERABLE);

const MAKE: Operation<CustomerAddress> = post("create", "Make a key, which shows its secret once")
    .may_expect::<Key>()
    .returns::<Key>()
    .showing_a_secret()
    .answering(&[
        (201, "Made; the body holds the secret, once"),
        (400, "There is a body, and it cannot be read, or is not accepted"),
        (412, "The keys are not in a state that If-Match or If-None-Match allows"),
        (413, "The body is too large"),
        (415, "There is a body, and its media type is not read"),
    ])
    .writes(|s, of, input| {
        let (chosen, limits) = match &input.body {
            Some(_) => body::read_new::<_, Key>(s, of, input)?,
            None => (None, Limits::default()),
        };
        let made = Key::insert(s, of, chosen, limits)?;
        let (id, body, _) = shown(&made, s.render_context());
        // What GET shows has no secret.
        let (_, _, tag) = shown(&Key { secret: None, ..made }, s.render_context());
        Ok(Reply::Shown { outcome: Outcome::CreatedWithSecret, id, body, tag })
    });

/// Columns of a key that can be shown.
type Columns = (keys::customer, keys::key, keys::created, keys::read_only, keys::expires);
const STORED: Columns = (keys::customer, keys::key, keys::created, keys::read_only, keys::expires);
type Row = (i32, String, DateTime<Utc>, bool, Option<DateTime<Utc>>);

impl Key {
    fn stored((customer, key, created, read_only, expires): Row) -> Self {
        Self { customer, key, created, limits: Limits { read_only, expires }, secret: None }
    }
}

/// Makes a key; without one given, a random one.
///
/// # Errors
/// Returns [`Problem::Invalid`] if the key is taken, [`Problem::NotFound`] where the customer is not there.
pub fn make(
    conn: &mut PgConnection,
    site: &Site,
    customer: i32,
    given: Option<(String, Secret)>,
    limits: Limits,
) -> Result<Key, Problem> {
    let (key, secret) = match given {
        Some(given) => given,
        None => (uuid::Uuid::new_v4().to_string(), secrets::random().map_err(Problem::internal)?),
    };
    let made = diesel::insert_into(keys::table)
        .values((
            keys::key.eq(key),
            keys::customer.eq(customer),
            keys::secret.eq(site.secrets.hash(&secret)),
            keys::read_only.eq(limits.read_only),
            keys::expires.eq(limits.expires),
        ))
        .returning(STORED)
        .get_result(conn)?;
    Ok(Key { secret: Some(secret.reveal().to_owned()), ..Key::stored(made) })
}

/// Returns whether there is such a key.
///
/// # Errors
/// Fails if the database does not answer.
pub fn is_known(conn: &mut PgConnection, key: &str) -> Result<bool, Problem> {
    Ok(diesel::select(diesel::dsl::exists(keys::table.find(key))).get_result(conn)?)
}

/// The keys of one customer or of all, without their secrets.
///
/// # Errors
/// Fails if the database does not answer.
pub fn all(conn: &mut PgConnection, customer: Option<i32>) -> Result<Vec<Key>, Problem> {
    let found = keys::table.order((keys::customer, keys::created, keys::key)).select(STORED);
    let found: Vec<Row> = match customer {
        Some(customer) => found.filter(keys::customer.eq(customer)).load(conn)?,
        None => found.load(conn)?,
    };
    Ok(found.into_iter().map(Key::stored).collect())
}

/// Removes a key, whosever it is.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is none, [`Problem::Invalid`] for an administrator's last.
pub fn revoke(s: &mut UnitOfWork<'_>, key: &str) -> Result<(), Problem> {
    let customer = keys::table.find(key).select(keys::customer).first(s.conn)?;
    let at = KeyAddress { customer, key: key.to_owned() };
    let locked = Locked::to_remove(s, &at, &Input::default())?;
    Key::remove(s, locked)
}

impl Create<CustomerAddress> for Key {
    fn insert(
        s: &mut UnitOfWork<'_>,
        into: &CustomerAddress,
        chosen: Option<String>,
        limits: Limits,
    ) -> Result<Self, Problem> {
        if chosen.is_some() {
            return Err(Problem::invalid("id", "is given by the service; leave it out"));
        }
        let made = make(s.conn, s.site, into.customer, None, limits)?;
        s.effects.push(Effect::KeyChanged(made.key.clone()));
        Ok(made)
    }
}

impl Retrieve for Key {
    fn find(s: &mut UnitOfWork<'_>, at: &KeyAddress) -> Result<Self, Problem> {
        let keys = keys::table.find(&at.key).filter(keys::customer.eq(at.customer));
        Ok(Self::stored(keys.select(STORED).first(s.conn)?))
    }
}

impl List<CustomerAddress> for Key {
    fn list(
        s: &mut UnitOfWork<'_>,
        of: &CustomerAddress,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        let own = || keys::table.filter(keys::customer.eq(of.customer)).into_boxed();
        let found: Result<PageOfRows<Row>, Problem> = paged!(s.conn, wanted, own(), STORED);
        let PageOfRows { members, total } = found?;
        Ok(PageOfRows { members: members.into_iter().map(Self::stored).collect(), total })
    }
}

impl Remove for Key {
    /// The customer's row is locked too, so that two requests cannot remove the last two keys.
    fn lock_for_delete(s: &mut UnitOfWork<'_>, at: &KeyAddress) -> Result<Self, Problem> {
        let customers = customers::table.find(at.customer).select(customers::id);
        customers.for_no_key_update().first::<i32>(s.conn)?;
        let keys = keys::table.find(&at.key).filter(keys::customer.eq(at.customer));
        Ok(Self::stored(keys.select(STORED).for_update().first(s.conn)?))
    }
    fn remove(s: &mut UnitOfWork<'_>, locked: Locked<Self>) -> Result<(), Problem> {
        let at = locked.address();
        let administrator: bool =
            customers::table.find(at.customer).select(customers::administrator).first(s.conn)?;
        let own = keys::table.filter(keys::customer.eq(at.customer));
        removed(diesel::delete(own.filter(keys::key.eq(&at.key))).execute(s.conn))?;
        // One with limits is no way back in, so that it neither counts nor has to stay.
        let unlimited = own.filter(keys::read_only.eq(false)).filter(keys::expires.is_null());
        if administrator
            && locked.limits.is_unlimited()
            && unlimited.count().get_result::<i64>(s.conn)? == 0
        {
            let reason = "is the last key of an administrator that neither only reads nor expires";
            return Err(Problem::invalid("key", reason));
        }
        s.effects.push(Effect::KeyChanged(at.key));
        Ok(())
    }
}
