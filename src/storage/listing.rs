//! Lists the keys of a bucket, page by page, also where others keep something under keys that Hydria would never give.

use std::fmt;
use std::sync::Arc;

use futures_util::{Stream, TryStreamExt as _, stream};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::{Error, path};

/// Keys of a page, at most.
const PAGE: usize = 1000;

/// The keys of a bucket below the prefix of a storage.
pub(super) struct Listing {
    pub store: Arc<dyn PaginatedListStore>,
    /// Without slashes at its ends; empty for the whole bucket.
    pub prefix: String,
}

/// The place at which a page begins.
#[derive(Clone)]
enum Begin {
    Start,
    /// The continuation token of the page before, as the server wrote it.
    Token(String),
    /// The key after which to begin, of which no path can be made.
    Key(String),
}

/// The page that is asked for next.
struct Turn {
    from: Begin,
    most: usize,
}

impl Listing {
    /// Returns the keys below a folder, without the prefix of the storage, in the order in which the server tells them.
    pub fn keys(&self, folder: &str) -> impl Stream<Item = Result<String, Error>> + use<'_> {
        let below = format!("{}{folder}/", self.start());
        let first = Turn { from: Begin::Start, most: PAGE };
        let pages = stream::try_unfold((Some(first), below), move |(turn, below)| async move {
            let Some(turn) = turn else { return Ok::<_, Error>(None) };
            let (keys, next) = self.page(&below, turn).await?;
            Ok(Some((stream::iter(keys.into_iter().map(Ok)), (next, below))))
        });
        pages.try_flatten()
    }

    /// Returns the keys of a page, and the turn after it.
    ///
    /// The client refuses a page whole that has a key of which no path can be made. So pages get shorter until such a key is
    /// alone in one, which is then told by the error, and passed over.
    async fn page(&self, below: &str, turn: Turn) -> Result<(Vec<String>, Option<Turn>), Error> {
        let mut options = PaginatedListOptions { max_keys: Some(turn.most), ..Default::default() };
        match turn.from.clone() {
            Begin::Start => {}
            Begin::Token(token) => options.page_token = Some(token),
            Begin::Key(key) => options.offset = Some(key),
        }
        match self.store.list_paginated(Some(below), options).await {
            Ok(page) => {
                let keys =
                    page.result.objects.iter().map(|object| self.own(object.location.as_ref()));
                let most = turn.most.saturating_mul(2).min(PAGE);
                let next = page.page_token.map(|token| Turn { from: Begin::Token(token), most });
                Ok((keys.collect(), next))
            }
            Err(Error::InvalidPath { source }) => match key(&source) {
                _ if turn.most > 1 => Ok((Vec::new(), Some(Turn { most: turn.most / 2, ..turn }))),
                Some(key) if turn.from.is_before(key) => Ok((
                    vec![self.own(key)],
                    Some(Turn { from: Begin::Key(key.to_owned()), most: 1 }),
                )),
                // A server that begins where it likes would be asked for ever.
                _ => Err(Error::InvalidPath { source }),
            },
            Err(error) => Err(error),
        }
    }

    fn start(&self) -> String {
        if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) }
    }

    fn own(&self, key: &str) -> String {
        key.strip_prefix(&self.start()).unwrap_or(key).to_owned()
    }
}

impl Begin {
    fn is_before(&self, key: &str) -> bool {
        match self {
            Self::Start | Self::Token(_) => true,
            Self::Key(last) => last.as_str() < key,
        }
    }
}

/// Returns the key of which no path can be made.
fn key(error: &path::Error) -> Option<&str> {
    match error {
        path::Error::EmptySegment { path } | path::Error::BadSegment { path, .. } => Some(path),
        _ => None,
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listing")
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use futures_util::future::BoxFuture;
    use object_store::list::PaginatedListResult;
    use object_store::path::Path;
    use object_store::{ListResult, ObjectMeta};

    use super::*;

    /// Keys in order, as a server tells them.
    struct Keys(Vec<&'static str>);

    impl Keys {
        fn page(
            &self,
            prefix: Option<&str>,
            options: PaginatedListOptions,
        ) -> Result<PaginatedListResult, Error> {
            let after = options.page_token.or(options.offset).unwrap_or_default();
            let wanted =
                |key: &&&str| key.starts_with(prefix.unwrap_or_default()) && **key > after.as_str();
            let all: Vec<&str> = self.0.iter().filter(wanted).copied().collect();
            let told: Vec<&str> =
                all.iter().copied().take(options.max_keys.unwrap_or(1000)).collect();
            let page_token =
                told.last().filter(|_| told.len() < all.len()).map(|key| (*key).to_owned());
            let object = |key: &&str| {
                let location = Path::parse(key)?;
                Ok(ObjectMeta {
                    location,
                    last_modified: Utc::now(),
                    size: 1,
                    e_tag: None,
                    version: None,
                })
            };
            let objects = told.iter().map(object).collect::<Result<Vec<_>, Error>>()?;
            let extensions = object_store::Extensions::default();
            let result = ListResult { objects, common_prefixes: Vec::new(), extensions };
            Ok(PaginatedListResult { result, page_token })
        }
    }

    impl PaginatedListStore for Keys {
        fn list_paginated<'s, 'p, 'f>(
            &'s self,
            prefix: Option<&'p str>,
            options: PaginatedListOptions,
        ) -> BoxFuture<'f, Result<PaginatedListResult, Error>>
        where
            's: 'f,
            'p: 'f,
        {
            Box::pin(std::future::ready(self.page(prefix, options)))
        }
    }

    #[test]
    fn keys_of_which_no_path_can_be_made_are_told_among_the_others() {
        let keys = [
            "one/elsewhere",
            "one/thumbnails/000/1-1",
            "one/thumbnails/000//a",
            "one/thumbnails/a//b",
            "one/thumbnails/a//c",
            "one/thumbnails/b/../c",
            "one/thumbnails/c",
            "one/thumbnails//",
            "two/thumbnails/d",
        ];
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        let listing = Listing { store: Arc::new(Keys(sorted)), prefix: "one".into() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let listed = runtime.block_on(listing.keys("thumbnails").try_collect::<Vec<_>>());
        let mut listed = listed.expect("all keys");
        listed.sort_unstable();
        let mut wanted: Vec<&str> =
            keys.iter().filter_map(|key| key.strip_prefix("one/")).collect();
        wanted.retain(|key| *key != "elsewhere");
        wanted.sort_unstable();
        assert_eq!(listed, wanted);
    }
}
