//! The numbers of customers by their names, which are never changed.

use quick_cache::sync::Cache;

/// Names that are kept.
const NAMES: usize = 4096;

/// The cache of customers' names. A name that is not there is looked up each time, because it may be given at any moment.
pub struct Names(Cache<String, i32>);

impl Names {
    /// Returns an empty cache.
    pub fn new() -> Self {
        Self(Cache::new(NAMES))
    }

    /// Returns the number of a customer, looked up if it is not known; case makes no difference.
    ///
    /// # Errors
    /// Returns the error of the look-up.
    pub async fn find<E>(
        &self,
        name: &str,
        look_up: impl AsyncFnOnce() -> Result<i32, E>,
    ) -> Result<i32, E> {
        let name = name.to_lowercase();
        if let Some(number) = self.0.get(&name) {
            return Ok(number);
        }
        let number = look_up().await?;
        self.0.insert(name, number);
        Ok(number)
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::new()
    }
}
