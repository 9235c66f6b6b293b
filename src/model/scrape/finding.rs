//! What a failed scrape found: for each thing that can be seen, its class and what to do about
//! it. The evidence itself, in one line, is the failure's cause.

use serde::{Deserialize, Serialize};

use super::FailureKind;

/// What was seen when a scrape failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The node's machine refused the connection.
    Refused,
    /// This machine could not even try: no descriptor, no port, a firewall of its own.
    OwnLimit,
    /// There is no way from this machine to the address.
    NoRoute,
    /// Connecting failed in another way.
    NotConnected,
    /// Nothing answered the connection.
    NoAnswer,
    /// Nothing answered the connection to an address of a private network.
    NoAnswerInPrivate,
    /// The connection was accepted, and TLS was not spoken in time.
    SilentBeforeTls,
    /// What answers does not speak TLS.
    NotTls,
    /// No version or algorithm of TLS is common to both.
    NoCommonTls,
    /// The TLS handshake failed in another way.
    TlsBroken,
    /// The service has no name that a certificate could be for.
    NoName,
    /// The certificate is of no trusted CA, and nothing tells more.
    UnknownCa,
    /// The node sent one certificate, of an issuer that is not trusted.
    IntermediateMissing,
    /// The certificate is signed by itself.
    SelfSigned,
    /// The certificate is for other names.
    OtherName,
    /// The certificate has the name only in its subject.
    NameInSubjectOnly,
    /// The certificate has expired, and of this machine's clock nothing better is known.
    Expired,
    /// The certificate has expired, and this machine's clock agrees with that of Aiven's API.
    ExpiredIndeed,
    /// The certificate is not valid yet.
    NotValidYet,
    /// The certificate is not valid at the time that this machine's clock shows, which is known
    /// to be wrong; at the time of Aiven's API it is.
    WrongClock,
    /// The certificate is signed in a way that cannot be verified here.
    UnknownAlgorithm,
    /// The certificate is not valid for another reason.
    InvalidCertificate,
    /// The node ended the connection before it answered.
    BrokenOff,
    /// The node took the request and did not answer in time.
    Silent,
    /// The node did not send the whole page in time.
    SlowPage,
    /// The node ended the connection in the middle of the page.
    BrokenPage,
    /// What the node sends is no HTTP.
    NotHttp,
    /// The node refused all known credentials.
    CredentialsRefused,
    /// The node refused the credentials that Aiven gives for an endpoint of somebody else's.
    OthersCredentialsRefused,
    /// No credentials are known.
    NoCredentials,
    /// The node forbids its page.
    Forbidden,
    /// The node has nothing at that path.
    NotFound,
    /// The node sends elsewhere.
    Redirected,
    /// The node, or something before it, is not ready: 502, 503 or 504.
    NotReady,
    /// The node has trouble of its own.
    ServerError,
    /// The node answered with a status that means no page.
    OtherStatus,
    /// The page is not marked as metrics, so Prometheus would refuse it.
    NotMetrics,
    /// The page is compressed in a way that Prometheus does not read, or not as it says.
    BadEncoding,
    /// The page is too large.
    TooLarge,
    /// Prometheus did not wait for the end.
    GivenUp,
    /// Found by another version of the daemon.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What to do where waiting or Aiven can help only.
const MAINTENANCE: &str = "wait some minutes if the service is new or under maintenance; if it stays so, send service, address and time to Aiven's support";

impl Finding {
    /// Everything that can be found.
    #[cfg(test)]
    pub const ALL: [Finding; 41] = [
        Finding::Refused,
        Finding::OwnLimit,
        Finding::NoRoute,
        Finding::NotConnected,
        Finding::NoAnswer,
        Finding::NoAnswerInPrivate,
        Finding::SilentBeforeTls,
        Finding::NotTls,
        Finding::NoCommonTls,
        Finding::TlsBroken,
        Finding::NoName,
        Finding::UnknownCa,
        Finding::IntermediateMissing,
        Finding::SelfSigned,
        Finding::OtherName,
        Finding::NameInSubjectOnly,
        Finding::Expired,
        Finding::ExpiredIndeed,
        Finding::NotValidYet,
        Finding::WrongClock,
        Finding::UnknownAlgorithm,
        Finding::InvalidCertificate,
        Finding::BrokenOff,
        Finding::Silent,
        Finding::SlowPage,
        Finding::BrokenPage,
        Finding::NotHttp,
        Finding::CredentialsRefused,
        Finding::OthersCredentialsRefused,
        Finding::NoCredentials,
        Finding::Forbidden,
        Finding::NotFound,
        Finding::Redirected,
        Finding::NotReady,
        Finding::ServerError,
        Finding::OtherStatus,
        Finding::NotMetrics,
        Finding::BadEncoding,
        Finding::TooLarge,
        Finding::GivenUp,
        Finding::Unknown,
    ];

    /// Its class in metrics and verdicts.
    pub fn class(self) -> FailureKind {
        use Finding as F;
        match self {
            F::Refused | F::OwnLimit | F::NoRoute | F::NotConnected => FailureKind::Connect,
            F::NoAnswer | F::NoAnswerInPrivate | F::SilentBeforeTls | F::Silent | F::SlowPage => {
                FailureKind::Timeout
            }
            F::NotTls
            | F::NoCommonTls
            | F::TlsBroken
            | F::NoName
            | F::UnknownCa
            | F::IntermediateMissing
            | F::SelfSigned
            | F::OtherName
            | F::NameInSubjectOnly
            | F::Expired
            | F::ExpiredIndeed
            | F::NotValidYet
            | F::WrongClock
            | F::UnknownAlgorithm
            | F::InvalidCertificate => FailureKind::Tls,
            F::CredentialsRefused | F::OthersCredentialsRefused | F::NoCredentials => {
                FailureKind::Unauthorised
            }
            F::NotHttp
            | F::Forbidden
            | F::NotFound
            | F::Redirected
            | F::NotReady
            | F::ServerError
            | F::OtherStatus
            | F::NotMetrics
            | F::BadEncoding
            | F::TooLarge => FailureKind::Status,
            F::BrokenOff | F::BrokenPage | F::GivenUp | F::Unknown => FailureKind::Aborted,
        }
    }

    /// What to do about it, in one line.
    pub fn remedy(self) -> &'static str {
        match self {
            Finding::Refused => {
                "look at the service in Aiven's console: wait while it is built or maintained (some minutes); else try nc -vz IP PORT from another VM: if that is refused, too, send service, address and time to Aiven's support; if it is not, see what rejects connections between this machine and the node"
            }
            Finding::NotReady => MAINTENANCE,
            Finding::OwnLimit => {
                "this is this machine's trouble, not the node's: look at its limits (open files, local ports) and at its own firewall"
            }
            Finding::NoRoute => {
                "mend the routes and firewalls of this machine's network; if it has no IPv6, leave IPv6 addresses out with dns.families"
            }
            Finding::NotConnected => {
                "read the reason; look at the network between this machine and the node"
            }
            Finding::NoAnswer => {
                "ask the service's owner whether its IP allow-list (ip_filter) has the address with which this machine leaves the platform, and check the firewalls on the way; if both let this machine through, see in Aiven's console whether the node runs"
            }
            Finding::NoAnswerInPrivate => {
                "see in Aiven's console whether the service is in a VPC: if so, ask its owner whether to peer the VPC with this machine's network or to allow public access (public_access.prometheus); else check its IP allow-list (ip_filter) and the firewalls on the way, and whether the node runs"
            }
            Finding::SilentBeforeTls => {
                "if other services fail alike on this VM, look at its network (firewall, MTU); else see in Aiven's console whether the node is overloaded or being replaced; if neither, send service, address and time to Aiven's support"
            }
            Finding::NotTls => {
                "see that the service's prometheus component names this port; something on the way may also answer in the node's place"
            }
            Finding::NoCommonTls => {
                "the node has to offer TLS 1.2 or newer with ECDHE and AES-GCM or ChaCha20; something on the way may also answer in its place"
            }
            Finding::TlsBroken | Finding::InvalidCertificate => {
                "nothing was sent to the node; look at what answers there with openssl s_client -connect ADDRESS -servername HOST"
            }
            Finding::NoName => {
                "see in Aiven's console whether the service has a host name; it gets one while it is built"
            }
            Finding::UnknownCa => {
                "nothing was sent to the node; compare the last issuer with the CA in Aiven's console (project settings, CA certificate): if it is the same, give that CA as scrape_proxy.ca_cert; else do not trust it, and find what answers with a certificate of its own between this machine and the node"
            }
            Finding::IntermediateMissing => {
                "nothing was sent to the node; compare the issuer with the CA in Aiven's console (project settings, CA certificate): if it is that CA, or one that it signed, give the issuer's certificate as scrape_proxy.ca_cert; else do not trust it, and find what answers with a certificate of its own between this machine and the node"
            }
            Finding::SelfSigned => {
                "nothing was sent to the node; do not trust it: Aiven's nodes have no such certificates; find what answers with a certificate of its own between this machine and the node"
            }
            Finding::OtherName => {
                "nothing was sent to the node; compare dig @SERVER HOST at each name server and at one of another network: if only ours give this address, mend DNS or dns.nameservers; wait if nodes were just replaced; if the other network gives it, too, after an hour, send service, address and time to Aiven's support"
            }
            Finding::NameInSubjectOnly => {
                "nothing was sent to the node; its certificate has to be issued again with the name as a subject alternative name"
            }
            Finding::Expired => {
                "compare this machine's clock with another one (chronyc tracking); if it is right, ask the service's owner to apply its maintenance updates (they restart nodes), with which Aiven renews certificates; if none waits, send service, address and time to Aiven's support"
            }
            Finding::ExpiredIndeed => {
                "ask the service's owner to apply its maintenance updates (they restart nodes), with which Aiven renews certificates; if none waits, send service, address and time to Aiven's support"
            }
            Finding::NotValidYet => {
                "check this machine's clock; if it is right, wait until the certificate is valid"
            }
            Finding::WrongClock => {
                "set this machine's clock (chronyc tracking, timedatectl): nothing is wrong with the node, whose certificate is valid by the clock of Aiven's API"
            }
            Finding::UnknownAlgorithm => {
                "nothing was sent to the node; the CA has to sign with RSA of 2048 bits or more, ECDSA P-256 or P-384, or Ed25519"
            }
            Finding::BrokenOff | Finding::BrokenPage => {
                "see in Aiven's console whether the service is being restarted or maintained; if it is not, send service, address and time to Aiven's support"
            }
            Finding::Silent => {
                "see the node's CPU and load in Aiven's console; if it is busy, ask the service's owner for a larger plan; if it is idle, send service, address and time to Aiven's support; raise scrape_timeout (in the scrape job, add-tenant-prometheis.yml) only if some scrapes succeed"
            }
            Finding::SlowPage => {
                "raise scrape_timeout (in the scrape job, add-tenant-prometheis.yml) if the page is large; else look at the network between this machine and the node"
            }
            Finding::NotHttp => {
                "see that the service's prometheus component names this port; something on the way may also answer in the node's place"
            }
            Finding::CredentialsRefused => {
                "if a password was changed less than ten minutes ago, wait: the daemon brings the endpoint in step; else delete the service's Prometheus integration in Aiven's console, and the daemon makes it anew (by hand, if integration.create is false); if it is refused again, send service, address and time to Aiven's support"
            }
            Finding::OthersCredentialsRefused => {
                "wait some minutes if its password was just changed, since Aiven hands it out to the nodes; if it stays so, ask who made that endpoint to set its password again, or integrate the service with the daemon's own endpoint"
            }
            Finding::NoCredentials => {
                "wait a minute if the daemon has just started; else give the token's user project:integrations:write in this project, which reading an endpoint's password needs, or integrate the service with the daemon's own endpoint"
            }
            Finding::Forbidden => {
                "see whether something between this machine and the node filters requests, and what the node says; the credentials were not what it refused"
            }
            Finding::NotFound => {
                "this port serves other things than /metrics: see that the service's prometheus component names this port, and that its integration is active"
            }
            Finding::Redirected => {
                "scrapes follow no redirects: see that the service's prometheus component names this port"
            }
            Finding::ServerError => {
                "the node was reached and has trouble of its own: read its words; if they name nothing that you can mend in the service, send them to Aiven's support"
            }
            Finding::OtherStatus => {
                "read the node's words; see that the service's prometheus component names this port"
            }
            Finding::NotMetrics => {
                "wait some minutes if the service is new or under maintenance; else find out what answers at that address: a proxy on the way is yours to mend; if it is the node itself, send service, address, time and its words to Aiven's support"
            }
            Finding::BadEncoding => {
                "see whether something between this machine and the node changes answers; if not, send service, address and time to Aiven's support"
            }
            Finding::TooLarge => {
                "make fewer series at the service: fewer topics, indices or tables, or less of them in its metrics"
            }
            Finding::GivenUp => {
                "raise scrape_timeout (in the scrape job, add-tenant-prometheis.yml) if the node is slow; a restart or reload of Prometheus ends scrapes, too"
            }
            Finding::Unknown => "read the cause; the daemon's version differs from this command's",
        }
    }
}
