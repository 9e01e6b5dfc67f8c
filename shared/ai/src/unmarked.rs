//! Models that write thoughts of which only the end is marked.

use moka::sync::Cache;

use crate::params::MEMORY;

/// Which those are, by the name of their server and their own. With some, the prompt has the beginning of the thoughts: a
/// stream of theirs cannot be told from text before it ends, so the first one that is seen is passed on as it comes.
#[derive(Clone, Debug)]
pub(crate) struct Unmarked(Cache<(String, String), ()>);

impl Unmarked {
    pub(crate) fn none() -> Self {
        let cache = Cache::builder().max_capacity(10_000).time_to_live(MEMORY);
        Unmarked(cache.build())
    }

    pub(crate) fn has(&self, service: &str, model: &str) -> bool {
        self.0.contains_key(&(service.to_owned(), model.to_owned()))
    }

    pub(crate) fn insert(&self, service: &str, model: &str) {
        self.0.insert((service.to_owned(), model.to_owned()), ());
    }
}
