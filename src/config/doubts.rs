//! Values that are well-formed and cannot do what they are for, and that the daemon still
//! starts with: a CA that nothing can be verified with harms no node that another CA vouches
//! for. `check-config` refuses them, the daemon says them once.

use rustls::pki_types::CertificateDer;

use super::{Config, Problem};
use crate::net::anchor;

impl Config {
    /// Each such value, and each that was read as it was meant; none as a rule.
    pub fn doubts(&self) -> Vec<Problem> {
        let cloud_foundry = self.cloud_foundry.as_ref();
        let keys = [
            ("aiven.ca_cert", Some(&self.aiven.ca_cert)),
            ("scrape_proxy.ca_cert", Some(&self.scrape_proxy.ca_cert)),
            (
                "cloud_foundry.ca_cert",
                cloud_foundry.map(|one| &one.ca_cert),
            ),
        ];
        let keys = keys.into_iter();
        let of_keys = keys.flat_map(|(path, certificates)| {
            let certificates = certificates.map(Vec::as_slice).unwrap_or_default();
            of_certificates(path, certificates)
        });
        self.corrected.iter().cloned().chain(of_keys).collect()
    }
}

fn of_certificates(path: &str, certificates: &[CertificateDer<'_>]) -> Vec<Problem> {
    let numbered = certificates.iter().zip(1..);
    let unusable = numbered.filter_map(|(certificate, number)| {
        let why = anchor::unusable(certificate)?;
        Some(Problem {
            path: path.to_owned(),
            message: format!(
                "found certificate {number}, which {why}, want CAs that others can be verified with; replace it by the CA's own certificate"
            ),
        })
    });
    unusable.collect()
}
