//! Times as people read them.

pub(super) use crate::model::ago::ago;
