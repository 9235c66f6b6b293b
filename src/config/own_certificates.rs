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

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
    use serde_json::json;

    use super::*;

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(vec!["vm.test".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_after = rcgen::date_time_ymd(2040, 1, 2);
        params
    }

    #[test]
    fn every_key_with_certificates_is_watched() {
        let mut of_ca = params("CA");
        of_ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(of_ca, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let own = params("vm").signed_by(&key, &ca).unwrap();
        let document = json!({
            "aiven": {"api_token": "a-token", "projects": ["shop"], "ca_cert": ca.pem()},
            "integration": {"create": false},
            "scrape_proxy": {"ca_cert": ca.pem() + &ca.pem()},
            "web": {"tls": {
                "certificate": own.pem() + &ca.pem(),
                "private_key": key.serialize_pem(),
                "client_ca": ca.pem(),
            }},
            "cloud_foundry": {
                "api_url": "https://api.cf.test",
                "client_id": "metrics",
                "client_secret": "secret",
                "ca_cert": ca.pem(),
            },
            "state_dir": "/state",
        });
        let config = Config::parse(&document.to_string()).unwrap();
        let found = config.own_certificates();
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.certificate, &*one.subject))
            .collect();
        assert_eq!(
            found,
            [
                (Holder::WebCertificate, "vm"),
                (Holder::WebCertificate, "CA"),
                (Holder::WebClientCa, "CA"),
                (Holder::Api, "CA"),
                (Holder::Nodes, "CA"),
                (Holder::Nodes, "CA"),
                (Holder::CloudFoundry, "CA"),
            ]
        );
        let ends = config.own_certificates()[0].ends;
        assert_eq!(ends.strftime("%F").to_string(), "2040-01-02");
    }
}
