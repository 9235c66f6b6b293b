//! Whose a planned service is, with what is worth knowing about it.

use std::sync::Arc;

use super::identity::Word;
use super::{Disagreement, Foundation, Guid, Identity};

/// Whose a service is, as published, and what else is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    /// What is published.
    pub identity: Arc<Identity>,
    /// Where Aiven's word differs from it.
    pub disagreements: Box<[Disagreement]>,
    /// The spaces that the instance is shared with, besides the one that owns it. They
    /// may use the service; its metrics are the owner's.
    pub shared_with: Arc<[Guid]>,
}

impl Ownership {
    /// What follows from what was published `before`, from Aiven's word, and from what
    /// Cloud Controller told.
    pub fn settled(
        before: Option<&Arc<Identity>>,
        word: Word<'_>,
        foundation: &Foundation,
    ) -> Option<Ownership> {
        let identity = Identity::settled(before.map(|before| &**before), word, foundation)?;
        let shared_with = foundation.shared_with.get(&identity.instance);
        Some(Ownership {
            disagreements: identity.disagreements(word).into(),
            shared_with: shared_with.cloned().unwrap_or_default(),
            identity: match before {
                Some(before) if **before == identity => Arc::clone(before),
                _ => Arc::new(identity),
            },
        })
    }
}
