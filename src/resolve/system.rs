//! The system's own configuration: which name servers, and which names without any.
//!
//! Both files are read as the C library reads them: what cannot be understood is
//! passed over, and what changes is noticed. Search domains and options are of no
//! use here, since only absolute names are asked for.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::model::resolution::MAX_ADDRESSES;

/// The port of name servers.
const DNS_PORT: u16 = 53;

/// The most name servers that are used.
const MAX_NAMESERVERS: usize = 8;

/// The most bytes that are read of a file.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Where the system keeps them.
#[derive(Debug, Clone)]
pub(super) struct SystemFiles {
    pub(super) resolv_conf: PathBuf,
    pub(super) hosts: PathBuf,
}

impl Default for SystemFiles {
    fn default() -> Self {
        SystemFiles {
            resolv_conf: "/etc/resolv.conf".into(),
            hosts: "/etc/hosts".into(),
        }
    }
}

/// The names of a hosts file, in lower case, each with its addresses in order.
pub(crate) type Hosts = HashMap<Box<str>, Vec<IpAddr>>;

/// A file that is read again when it was changed or replaced.
#[derive(Debug, Default)]
pub(super) struct Watched {
    seen: Option<Mark>,
}

/// What changes with a file's content.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    #[cfg(unix)]
    inode: (u64, u64),
    length: u64,
    modified: Option<SystemTime>,
}

impl Watched {
    /// The text, if it is new.
    ///
    /// # Errors
    /// When it cannot be read; then it is tried again the next time.
    pub(super) fn news(&mut self, path: &Path) -> io::Result<Option<String>> {
        let mark = Mark::of(path)?;
        if self.seen.as_ref() == Some(&mark) {
            return Ok(None);
        }
        let text = read(path)?;
        self.seen = Some(mark);
        Ok(Some(text))
    }
}

impl Mark {
    fn of(path: &Path) -> io::Result<Mark> {
        let about = fs::metadata(path)?;
        // Opening anything else could wait for ever.
        if !about.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(Mark {
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt;
                (about.dev(), about.ino())
            },
            length: about.len(),
            modified: about.modified().ok(),
        })
    }
}

/// Its text; bytes that are no UTF-8 spoil only the words in which they are.
fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE_BYTES)
        .read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The name servers in the text of a resolv.conf, each once. Without any it is this
/// machine, as resolv.conf(5) says.
pub(crate) fn nameservers_from(text: &str) -> Vec<SocketAddr> {
    let mut servers = Vec::new();
    // Some editors put a byte order mark before the first word.
    for line in text.trim_start_matches('\u{feff}').lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some("nameserver"), Some(word)) = (words.next(), words.next()) else {
            continue;
        };
        match nameserver(word) {
            Some(server) if !servers.contains(&server) => servers.push(server),
            _ => {}
        }
    }
    servers.truncate(MAX_NAMESERVERS);
    if servers.is_empty() {
        servers.push((Ipv4Addr::LOCALHOST, DNS_PORT).into());
    }
    servers
}

/// An address, in IPv6 with a scope (`fe80::1%2`).
fn nameserver(word: &str) -> Option<SocketAddr> {
    let (address, scope) = word.split_once('%').unwrap_or((word, "0"));
    let is_of_nobody = |ip: IpAddr| ip.is_multicast() || ip == IpAddr::from([255; 4]);
    match address.parse().ok()? {
        ip if is_of_nobody(ip) => None,
        IpAddr::V4(ip) if ip.is_unspecified() => Some((Ipv4Addr::LOCALHOST, DNS_PORT).into()),
        IpAddr::V4(ip) => Some((ip, DNS_PORT).into()),
        IpAddr::V6(ip) => Some(SocketAddrV6::new(ip, DNS_PORT, 0, scope.parse().ok()?).into()),
    }
}

/// The names in the text of a hosts file.
pub(crate) fn hosts_from(text: &str) -> Hosts {
    let mut hosts = Hosts::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else {
            continue;
        };
        for name in words {
            let addresses = hosts.entry(key(name).into()).or_default();
            if addresses.len() < MAX_ADDRESSES && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    hosts
}

/// The form in which names of a hosts file are compared.
pub(super) fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
