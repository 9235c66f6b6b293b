//! The calls for trust and credentials: the project's CA, and an integration
//! endpoint with its secrets.

use reqwest::Method;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{Call, Client};
use crate::aiven::wire::secrets::{EndpointAnswer, ProjectCa};
use crate::aiven::{Error, Operation};
use crate::api_client::unanswered::Unanswered;
use crate::model::credentials::Credentials;

impl Client {
    /// The certificate of the project's CA, as PEM. It has at least one
    /// certificate, and every one of them can be a trust anchor.
    ///
    /// # Errors
    /// After retries. A token without `organization:projects:write` gets
    /// [`ErrorKind::Forbidden`](crate::aiven::ErrorKind::Forbidden), which is common.
    pub async fn project_ca(&self, project: &str) -> Result<String, Error> {
        let call = Call::new(self, Operation::GetProjectCa, project);
        let answer: ProjectCa = call.get(&["project", project, "kms", "ca"]).await?;
        if is_usable_ca(&answer.certificate) {
            Ok(answer.certificate)
        } else {
            let cause = "no certificate of a CA in it".to_owned();
            Err(call.error(Unanswered::Malformed(cause)))
        }
    }

    /// Username and password of an integration endpoint; `None` when Aiven
    /// answers without them, or with a mask in their place.
    ///
    /// # Errors
    /// After retries. A token without `project:integrations:write` gets
    /// [`ErrorKind::Forbidden`](crate::aiven::ErrorKind::Forbidden).
    pub async fn endpoint_credentials(
        &self,
        project: &str,
        endpoint_id: &str,
    ) -> Result<Option<Credentials>, Error> {
        let call = Call::new(self, Operation::GetEndpoint, project);
        let path = ["project", project, "integration_endpoint", endpoint_id];
        let query = [("include_secrets", "true")];
        let answer: EndpointAnswer = call.get_with(&path, &query).await?;
        let credentials = answer.credentials();
        if let Some(credentials) = &credentials {
            self.secrets.add(&credentials.password);
        }
        Ok(credentials)
    }

    /// Changes the credentials of an integration endpoint. Sent once, never
    /// retried: look up the current state before calling again.
    ///
    /// # Errors
    /// Any [`ErrorKind`](crate::aiven::ErrorKind); after `Timeout` and `Transport` it may still have been updated.
    pub async fn update_endpoint(
        &self,
        project: &str,
        endpoint_id: &str,
        credentials: &Credentials,
    ) -> Result<(), Error> {
        let call = Call::new(self, Operation::UpdateEndpoint, project);
        let path = ["project", project, "integration_endpoint", endpoint_id];
        let password = credentials.password.expose_secret();
        let body = json!({
            "user_config": {
                "basic_auth_username": credentials.username,
                "basic_auth_password": password,
            },
        });
        // Aiven may quote the value that it refuses.
        self.secrets.add(&credentials.password);
        call.write(Method::PUT, &path, &body).await
    }
}

fn is_usable_ca(pem: &str) -> bool {
    let mut roots = RootCertStore::empty();
    let all_usable = CertificateDer::pem_slice_iter(pem.as_bytes())
        .all(|section| section.is_ok_and(|certificate| roots.add(certificate).is_ok()));
    all_usable && !roots.is_empty()
}
