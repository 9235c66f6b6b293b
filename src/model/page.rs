//! The page at `/`, before it is drawn: the answer first, then what is wrong now,
//! how fresh everything is, what ends soon, the services, and what changed.
//!
//! Everything is a view of the same snapshot and scrapes as `/status`. What somebody
//! else wrote is plain text here; the templates escape it. Each part has its [`Room`],
//! so that the page is never larger than [`MAX_PAGE`], whatever the names.

mod ends;
mod freshness;
mod problems;
mod query;
mod room;
mod service;
mod services;

pub use ends::{Ends, ends};
pub use freshness::{Cell, Freshness, freshness};
pub use problems::{ProblemRow, problem_rows};
pub use query::Query;
#[cfg(test)]
pub use room::MAX_PAGE;
pub use room::Room;
pub use service::{ServiceView, service_view};
pub use services::{Choices, ServiceList, choices, service_list};

/// The address of the page about one service.
pub fn service_link(project: &str, service: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("service", &format!("{project}/{service}"));
    format!("/?{}", query.finish())
}

#[cfg(test)]
mod tests;
