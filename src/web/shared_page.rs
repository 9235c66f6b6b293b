//! A page that all who read it at the same time share.
//!
//! With ten thousand services a page has megabytes, and a slow reader holds it for
//! as long as it may. So a page that somebody still holds is given to whoever else
//! asks within [`MAX_AGE`]; one that nobody holds is made anew, and so is always
//! current for a reader that comes alone.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;

/// How old a page may be that is given to another reader.
const MAX_AGE: Duration = Duration::from_secs(2);

/// The page as it was last made.
#[derive(Default)]
pub(super) struct SharedPage(Mutex<Option<Last>>);

struct Last {
    at: Instant,
    page: Weak<Page>,
    size: usize,
}

struct Page(Vec<u8>);

/// A reader's hold on a page.
struct Held(Arc<Page>);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.0.0
    }
}

impl SharedPage {
    /// The page that others are reading now, or what `make` makes, which is told how
    /// many bytes the page before had: a page that grows while it is made is in memory
    /// twice.
    ///
    /// # Errors
    /// That of `make`.
    pub(super) fn get<E>(
        &self,
        make: impl FnOnce(usize) -> Result<Vec<u8>, E>,
    ) -> Result<Bytes, E> {
        // Whoever asks while it is made waits here for that one.
        let mut last = self.0.lock();
        let fresh = last.as_ref().filter(|last| last.at.elapsed() < MAX_AGE);
        if let Some(page) = fresh.and_then(|last| last.page.upgrade()) {
            return Ok(Bytes::from_owner(Held(page)));
        }
        let size = last.as_ref().map_or(0, |last| last.size);
        let page = Arc::new(Page(make(size)?));
        *last = Some(Last {
            at: Instant::now(),
            page: Arc::downgrade(&page),
            size: page.0.len(),
        });
        Ok(Bytes::from_owner(Held(page)))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn readers_at_the_same_time_share_a_page_and_one_alone_gets_a_new_one() {
        let (shared, mut made) = (SharedPage::default(), 0_u8);
        let mut get = || {
            let page = shared.get(|_| {
                made += 1;
                Ok::<_, Infallible>(vec![made])
            });
            let Ok(page) = page;
            page
        };
        let first = get();
        let second = get();
        assert_eq!(
            (first.as_ref(), first.as_ptr()),
            (&[1][..], second.as_ptr())
        );
        drop(first);
        assert_eq!(get(), [1][..]);
        drop(second);
        assert_eq!(get(), [2][..]);
    }

    #[test]
    fn a_page_that_could_not_be_made_is_tried_again() {
        let shared = SharedPage::default();
        assert_eq!(shared.get(|_| Err("no")), Err("no"));
        assert_eq!(
            shared.get(|_| Ok::<_, &str>(vec![1])),
            Ok(Bytes::from_static(&[1]))
        );
    }
}
