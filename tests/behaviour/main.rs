//! Black-box tests: the real binary, started as an operator starts it, against
//! a simulated Aiven. A file a promise.
//!
//! Nothing here sleeps or looks at the clock: a test waits for what it expects
//! to see, and fails with the daemon's log when that does not come.

// Panics are how tests fail, also in the functions that they share.
#![allow(clippy::unwrap_used)]
// What tests connect to is always an address, never a name.
#![expect(clippy::disallowed_methods)]

// What several of them need.
mod binary;
mod node_faults;
mod scraper;
mod tenants;
mod uaa;

// No target is lost to a fault elsewhere.
mod targets_follow_services;
mod targets_leave_on_proof;
mod targets_survive_a_full_disk;
mod targets_survive_a_lost_state;
mod targets_survive_crashes;
mod targets_survive_dns;
mod targets_survive_listings;

// Whose a service is.
mod labels_come_by_the_real_uaa;
mod labels_follow_cloud_foundry;
mod labels_outlive_restarts;
mod labels_survive_cloud_foundry;

// What is written at Aiven is idempotent and bounded.
mod aiven_behind_an_http_proxy;
mod aiven_is_asked_patiently;
mod results_count_and_not_codes;
mod writes_happen_once;

// No secret leaves; nodes are verified.
mod credentials_change_without_loss;
mod nodes_are_verified_first;
mod redirects_are_not_followed;
mod secrets_stay_inside;
mod secrets_stay_inside_scrapes;
mod the_proxy_is_no_open_proxy;

// What is not scraped has a verdict and a cause.
mod commands_explain_themselves;
mod commands_tell_what_is;
mod events_tell_what_changed;
mod explain_finds_services;
mod explain_names_the_cause;
mod failed_scrapes_have_a_cause;
mod json_is_documented;
mod mistakes_in_the_configuration_are_named;
mod pages_are_captured_without_values;
mod plan_is_compared_with_what_runs;
mod rollouts_wait_for_the_daemon;
mod strangers_are_not_the_daemon;
mod surroundings_are_named;
mod the_doctor_names_what_is_wrong;
mod what_others_say_is_shown_not_obeyed;

// Pages and lists are served whole.
mod large_answers_are_read;
mod pages_are_relayed_untouched;
mod resting_connections_starve_nobody;
mod scrapes_outlive_a_stop;
mod the_page_answers_first;
mod the_process_ends_in_order;
mod the_web_outlasts_its_clients;
mod the_web_serves_what_is_published;
