//! `web.tls.*`: what the daemon's own HTTP server shows, and whom it answers.

use std::sync::Arc;

use rustls::Error;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use super::keys;
use super::reader::{Key, Section};
use super::values::certificates;
use crate::net::tls::{self, ServerTls};

/// `None` if no key is set, and also if one is unusable, which is then noted.
pub(super) fn web_tls(section: &Section) -> Option<ServerTls> {
    let [certificate, private_key, client_ca] =
        ["certificate", "private_key", "client_ca"].map(|name| section.key(name).empty_is_absent());
    let all = [&certificate, &private_key, &client_ca];
    let missing: Vec<_> = all.into_iter().filter(|key| !key.is_given()).collect();
    if missing.len() == all.len() {
        return None;
    }
    for key in missing {
        key.missing(keys::TLS_IS_WHOLE);
    }
    let chain = certificates(&certificate);
    let clients = certificates(&client_ca);
    let key = private(&private_key)?;
    if chain.is_empty() || clients.is_empty() {
        return None;
    }
    let server = |everybody| tls::server(chain.clone(), key.clone_key(), &clients, everybody);
    match (server(false), server(true)) {
        (Ok(here), Ok(elsewhere)) => Some(ServerTls {
            here: Arc::new(here),
            elsewhere: Arc::new(elsewhere),
            chain,
            clients,
        }),
        (Err(error), _) | (_, Err(error)) => {
            let found = match error {
                Error::InconsistentKeys(_) => keys::KEY_OF_ANOTHER,
                _ => "a key that TLS cannot use with web.tls.certificate",
            };
            private_key.wrong_as(found, keys::KEY_OF_THE_CERTIFICATE);
            None
        }
    }
}

fn private(key: &Key) -> Option<PrivateKeyDer<'static>> {
    let found = PrivateKeyDer::from_pem_slice(key.text()?.as_bytes());
    if found.is_err() {
        key.wrong_as("no private key, or a broken one", key.rule().advice);
    }
    found.ok()
}
