//! The certificates of the configuration, for whoever watches when they end.

use super::Config;
use crate::model::surroundings::{Holder, OwnCertificate};
use crate::net::certificate::own;

impl Config {
    /// Every certificate that the daemon shows or trusts by its configuration.
    pub fn own_certificates(&self) -> Vec<OwnCertificate> {
        let tls = self.web.tls.as_ref();
        let foundation = self.cloud_foundry.as_ref();
        let all = [
            (Holder::WebCertificate, tls.map(|tls| &tls.chain)),
            (Holder::WebClientCa, tls.map(|tls| &tls.clients)),
            (Holder::Api, Some(&self.aiven.ca_cert)),
            (Holder::Nodes, Some(&self.scrape_proxy.ca_cert)),
            (Holder::CloudFoundry, foundation.map(|one| &one.ca_cert)),
        ];
        let all = all.into_iter().flat_map(|(holder, certificates)| {
            let certificates = certificates.into_iter().flatten();
            certificates.filter_map(move |der| own(holder, der))
        });
        all.collect()
    }
}
