//! Sessions of people: begun by a log-in, known by a token, ended by time and with what they stand on
//! (`docs/adr/0032-sessions-of-people.md`).

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Bool, Integer, Nullable, Text, Timestamptz};

use super::people::Account;
use super::remembered::Remembered;
use crate::addresses::{KeyAddress, PortalUserAddress};
use crate::classes::{Key, PortalUser, portal_role};
use crate::database::{Conn, Database};
use crate::hydra::Problem;
use crate::resource::{Actor, Caller, Rights, Site, path_to, transaction};
use crate::schema::{keys, log_in_links, portal_users, sessions};
use crate::secrets::{self, Secret, Secrets};

/// Time without a request after which a session is over.
const IDLE: Duration = Duration::minutes(30);
/// Time after its log-in at which a session is over.
pub const LONGEST: Duration = Duration::hours(12);
/// Time after its last renewal from which a session is renewed by a request.
const RENEWED: Duration = Duration::minutes(1);
/// Time for which a log-in link works.
const LINK: Duration = Duration::minutes(10);
/// Sessions of one account at once; one more ends the oldest.
const MOST: i64 = 100;

/// Hash by which a token is kept and found.
type Digest = Vec<u8>;

/// The account of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Key(String),
    /// The e-mail address of a portal user.
    PortalUser(String),
}

/// A session under way.
#[derive(Debug, Clone)]
pub struct Session {
    pub caller: Caller,
    pub actor: Actor,
    pub who: Who,
    pub customer: i32,
    pub customer_name: String,
    created: DateTime<Utc>,
    /// Moment of its last renewal.
    used: DateTime<Utc>,
    /// Moment at which its key stops working; `None`: never, or it has none.
    key_expires: Option<DateTime<Utc>>,
}

impl Session {
    /// Returns when it ends, however much it is used.
    pub fn expires(&self) -> DateTime<Utc> {
        let longest = self.created + LONGEST;
        self.key_expires.map_or(longest, |expires| expires.min(longest))
    }

    /// Returns when it ends if it is not used before.
    pub fn ends(&self) -> DateTime<Utc> {
        self.expires().min(self.used + IDLE)
    }

    /// Returns whether its last renewal was so long ago that a request renews it.
    pub fn is_to_renew(&self) -> bool {
        Utc::now() - self.used >= RENEWED
    }
}

/// The evidence by which a log-in is allowed.
#[derive(Clone)]
pub enum Proof {
    /// The secret of a key.
    Key { customer: i32, key: String },
    /// The password of a portal user.
    Password(Account),
    /// The token of a log-in link.
    Link(Secret),
}

impl Proof {
    /// Returns the customer of the account, where that is known already.
    pub fn customer(&self) -> Option<i32> {
        match self {
            Self::Key { customer, .. } => Some(*customer),
            Self::Password(account) => Some(account.customer),
            Self::Link(_) => None,
        }
    }
}

/// Finds, begins and ends sessions.
pub struct Sessions {
    database: Database,
    site: Arc<Site>,
    held: Remembered<Digest, Session>,
}

impl Sessions {
    pub fn new(database: Database, site: Arc<Site>) -> Self {
        let held = Remembered::new(database.keys.clone(), find);
        Self { database, site, held }
    }

    /// Returns the session that a token names, if it is not over.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if the database does not answer.
    pub async fn get(&self, token: &Secret) -> Result<Option<Session>, Problem> {
        let held = self.held.get(&digest(&self.site.secrets, token)).await?;
        // Judged here, because what is remembered may be over since.
        Ok(held.filter(|session| Utc::now() < session.ends()))
    }

    /// Returns what renews a session, on a thread that may wait; others find it renewed at once.
    pub fn renewal(&self, token: &Secret) -> impl FnOnce() -> Result<(), Problem> + Send + use<> {
        let digest = digest(&self.site.secrets, token);
        self.held.amend(&digest, |session| session.used = Utc::now());
        let database = self.database.clone();
        move || {
            transaction::write(&database, |conn| {
                let now = Utc::now();
                let stale = sessions::table.find(&digest).filter(sessions::used.lt(now - RENEWED));
                diesel::update(stale).set(sessions::used.eq(now)).execute(conn)?;
                Ok(())
            })
        }
    }

    /// Returns what begins a session and ends an earlier one of the same browser, on a thread that may wait; it returns
    /// the token.
    ///
    /// Locks the key or user of the proof, and looks at it again, so that no session outlives what ended it meanwhile: then it
    /// returns [`Problem::Unauthenticated`].
    pub fn beginning(
        &self,
        proof: Proof,
        earlier: Option<&Secret>,
    ) -> impl FnOnce() -> Result<Secret, Problem> + Send + use<> {
        let earlier = earlier.map(|token| digest(&self.site.secrets, token));
        let (database, site) = (self.database.clone(), Arc::clone(&self.site));
        move || {
            let token = secrets::random().map_err(Problem::internal)?;
            transaction::write(&database, |conn| {
                let (customer, is_person, account) = proven(conn, &site.secrets, &proof)?;
                if let Some(earlier) = &earlier {
                    diesel::delete(sessions::table.find(earlier)).execute(conn)?;
                }
                diesel::insert_into(sessions::table)
                    .values((
                        sessions::token.eq(digest(&site.secrets, &token)),
                        sessions::customer.eq(customer),
                        sessions::is_person.eq(is_person),
                        sessions::account.eq(&account),
                        // By the clock that they are judged by.
                        sessions::created.eq(Utc::now()),
                        sessions::used.eq(Utc::now()),
                    ))
                    .execute(conn)?;
                end_oldest(conn, customer, is_person, &account)
            })?;
            Ok(token)
        }
    }

    /// Returns what ends a session, on a thread that may wait.
    pub fn end(&self, token: &Secret) -> impl FnOnce() -> Result<(), Problem> + Send + use<> {
        let digest = digest(&self.site.secrets, token);
        let database = self.database.clone();
        move || {
            transaction::write(&database, |conn| {
                diesel::delete(sessions::table.find(&digest)).execute(conn)?;
                Ok(())
            })
        }
    }

    /// Forgets what was found of one session, because it was ended.
    pub fn forget_one(&self, token: &Secret) {
        self.held.forget(&digest(&self.site.secrets, token));
    }

    /// Forgets what was found of sessions, because something that some stand on was changed.
    pub fn forget(&self) {
        self.held.forget_all();
    }

    /// Returns a number that is another one whenever this process has forgotten what it found.
    pub fn changes(&self) -> u64 {
        self.held.changes()
    }
}

/// Returns the hash of a token; apart from those of API secrets, so that neither can be used as the other.
fn digest(secrets: &Secrets, token: &Secret) -> Digest {
    secrets.digest([b"session".as_slice(), token.reveal().as_bytes()]).to_vec()
}

fn digest_of_link(secrets: &Secrets, token: &Secret) -> Digest {
    secrets.digest([b"log-in link".as_slice(), token.reveal().as_bytes()]).to_vec()
}

/// Returns the customer and the account of a proof, whether that is a person's, and locks its row.
fn proven(
    conn: &mut Conn,
    secrets: &Secrets,
    proof: &Proof,
) -> Result<(i32, bool, String), Problem> {
    let none = Problem::Unauthenticated;
    match proof {
        Proof::Key { customer, key } => {
            let row = keys::table.find(key).filter(keys::customer.eq(customer));
            let row = row.select(keys::key).for_key_share().first(conn).optional()?;
            Ok((*customer, false, row.ok_or(none)?))
        }
        Proof::Link(token) => {
            let links = log_in_links::table.find(digest_of_link(secrets, token));
            let used = diesel::delete(links)
                .returning((log_in_links::key, log_in_links::created))
                .get_result::<(String, DateTime<Utc>)>(conn)
                .optional()?;
            let (key, created) = used.ok_or(none)?;
            let row = keys::table
                .find(key)
                .select((keys::customer, keys::key, keys::expires))
                .for_key_share()
                .first::<(i32, String, Option<DateTime<Utc>>)>(conn)
                .optional()?;
            let (customer, key, expires) = row.ok_or(Problem::Unauthenticated)?;
            let is_over = created + LINK <= Utc::now() || expires.is_some_and(|e| e <= Utc::now());
            if is_over { Err(Problem::Unauthenticated) } else { Ok((customer, false, key)) }
        }
        Proof::Password(account) => {
            let row = portal_users::table
                .find((account.customer, &account.id))
                .filter(portal_users::password.eq(&account.hash))
                .filter(portal_users::enabled)
                .filter(portal_users::roles.overlaps_with(portal_role::LOG_IN.to_vec()))
                .select(portal_users::id)
                .for_share()
                .first(conn)
                .optional()?;
            Ok((account.customer, true, row.ok_or(none)?))
        }
    }
}

/// Ends the oldest sessions of an account beyond [`MOST`].
fn end_oldest(
    conn: &mut Conn,
    customer: i32,
    is_person: bool,
    account: &str,
) -> Result<(), Problem> {
    let own = sessions::table
        .filter(sessions::customer.eq(customer))
        .filter(sessions::is_person.eq(is_person))
        .filter(sessions::account.eq(account));
    let beyond: Vec<Digest> =
        own.order(sessions::created.desc()).offset(MOST).select(sessions::token).load(conn)?;
    if !beyond.is_empty() {
        diesel::delete(sessions::table.filter(sessions::token.eq_any(beyond))).execute(conn)?;
    }
    Ok(())
}

/// Makes a log-in link for a key, which works once; returns its token.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is no such key; fails if the system gives no randomness.
pub fn make_link(conn: &mut Conn, site: &Site, key: &str) -> Result<Secret, Problem> {
    let token = secrets::random().map_err(Problem::internal)?;
    let key: String = keys::table.find(key).select(keys::key).for_key_share().first(conn)?;
    diesel::insert_into(log_in_links::table)
        .values((
            log_in_links::token.eq(digest_of_link(&site.secrets, &token)),
            log_in_links::key.eq(key),
            log_in_links::created.eq(Utc::now()),
        ))
        .execute(conn)?;
    Ok(token)
}

/// Removes sessions and links that are over.
///
/// # Errors
/// Fails if the database does not answer.
pub fn remove_old(conn: &mut Conn) -> Result<(), Problem> {
    let now = Utc::now();
    let over = sessions::created.le(now - LONGEST).or(sessions::used.le(now - IDLE));
    diesel::delete(sessions::table.filter(over)).execute(conn)?;
    diesel::delete(log_in_links::table.filter(log_in_links::created.le(now - LINK)))
        .execute(conn)?;
    Ok(())
}

/// A session with what it stands on.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    token: Digest,
    #[diesel(sql_type = Integer)]
    customer: i32,
    #[diesel(sql_type = Text)]
    customer_name: String,
    #[diesel(sql_type = Bool)]
    administrator: bool,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Nullable<Bool>)]
    read_only: Option<bool>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    roles: Option<Vec<String>>,
    #[diesel(sql_type = Timestamptz)]
    created: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    used: DateTime<Utc>,
}

impl Row {
    /// Returns the session; `None` if what it stands on is gone, or allows nothing any more.
    fn session(self) -> Option<Session> {
        let Self { customer, account, .. } = self;
        let (rights, who, actor) = match (self.read_only, self.email, self.roles) {
            (Some(read_only), ..) => {
                let rights = if read_only { Rights::ReadOnly } else { Rights::All };
                let at = KeyAddress { customer, key: account.clone() };
                (rights, Who::Key(account), Actor::at(path_to::<Key>(&at)))
            }
            (None, Some(email), Some(roles)) => {
                let at = PortalUserAddress { customer, portal_user: account };
                let actor = Actor::at(path_to::<PortalUser>(&at));
                (portal_role::rights(&roles)?, Who::PortalUser(email), actor)
            }
            _ => return None,
        };
        let caller = match self.administrator {
            true => Caller::Administrator(customer, rights),
            false => Caller::Customer(customer, rights),
        };
        Some(Session {
            caller,
            actor,
            who,
            customer,
            customer_name: self.customer_name,
            created: self.created,
            used: self.used,
            key_expires: self.expires,
        })
    }
}

const FIND: &str = "
    SELECT s.token, s.customer, c.name AS customer_name, c.administrator, s.account, k.read_only, k.expires,
        u.email, u.roles, s.created, s.used
    FROM sessions s JOIN customers c ON c.id = s.customer
    LEFT JOIN keys k ON NOT s.is_person AND k.key = s.account AND k.customer = s.customer
    LEFT JOIN portal_users u ON s.is_person AND u.customer = s.customer AND u.id = s.account AND u.enabled
    WHERE s.token = ANY ($1)";

fn find(conn: &mut Conn, wanted: &[Digest]) -> QueryResult<HashMap<Digest, Session>> {
    let rows: Vec<Row> =
        diesel::sql_query(FIND).bind::<Array<Binary>, _>(wanted.to_vec()).load(conn)?;
    let found = rows.into_iter().filter_map(|row| Some((row.token.clone(), row.session()?)));
    Ok(found.collect())
}
