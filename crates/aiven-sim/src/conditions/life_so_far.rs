//! [`LifeSoFar`]: a life that goes on.

use std::sync::{Arc, Mutex, PoisonError};

use crate::conditions::Life;

/// The life of a service that exists, shared by its nodes' pages.
#[derive(Debug)]
pub(crate) struct LifeSoFar {
    life: Mutex<Arc<Life>>,
}

impl LifeSoFar {
    pub(crate) fn new(life: Life) -> Arc<Self> {
        Arc::new(Self {
            life: Mutex::new(Arc::new(life)),
        })
    }

    /// As it is now.
    pub(crate) fn now(&self) -> Arc<Life> {
        let life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&life)
    }

    /// Changes it, if the change changes anything.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Life)) {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Life::clone(&life);
        change(&mut next);
        if next != **life {
            *life = Arc::new(next);
        }
    }
}
