//! A simulated Cloud Foundry beside Aiven: a Cloud Controller (V3) and a UAA, each on a port of
//! its own with TLS.
//!
//! | part | where |
//! |---|---|
//! | what exists: organizations, spaces, service instances, roles | `foundation`, `spec` |
//! | connections, TLS and what goes wrong with them | `door` |
//! | one request's way from arrival to answer | `serve`, `answer`, `spoil` |
//! | Cloud Controller's calls | `controller` |
//! | UAA's calls, keys and tokens | `uaa` |
//!
//! Shapes: Cloud Controller's presenters and messages [cc], UAA 4.30.0 and 77.18.0 as they were
//! seen to answer.

mod answer;
mod controller;
mod door;
mod foundation;
mod serve;
mod spec;
mod spoil;
mod uaa;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::authority::Authority;
use crate::fault::Server;
use crate::refusal::Refusal;
use crate::shared::Shared;

pub(crate) use controller::RateLimit;
pub(crate) use door::Door;
pub(crate) use foundation::Foundation;
pub use spec::{ClientSpec, InstanceSpec, InstanceType, Role, UserSpec};
pub(crate) use uaa::CLIENT_ID;
pub use uaa::UaaRelease;

/// One running Cloud Foundry.
pub(crate) struct CloudFoundry {
    pub(crate) controller: Arc<Door>,
    pub(crate) uaa: Arc<Door>,
    authority: Arc<Authority>,
    foundation: Mutex<Foundation>,
}

impl CloudFoundry {
    /// Takes the ports; [`CloudFoundry::serve`] opens them.
    pub(crate) fn new(release: UaaRelease) -> io::Result<Self> {
        let authority =
            Authority::new("Cloud Foundry CA of aiven-sim").map_err(io::Error::other)?;
        let authority = Arc::new(authority);
        let door = |server| Door::new(server, Arc::clone(&authority)).map(Arc::new);
        let (controller, uaa) = (door(Server::CloudController)?, door(Server::Uaa)?);
        let foundation = Foundation::new(release, uaa.url());
        Ok(Self {
            controller,
            uaa,
            authority,
            foundation: Mutex::new(foundation),
        })
    }

    pub(crate) fn serve(&self, shared: &Arc<Shared>) {
        self.controller.set_fault(shared, None);
        self.uaa.set_fault(shared, None);
    }

    pub(crate) fn foundation(&self) -> MutexGuard<'_, Foundation> {
        self.foundation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn door(&self, server: Server) -> Result<&Arc<Door>, Refusal> {
        match server {
            Server::CloudController => Ok(&self.controller),
            Server::Uaa => Ok(&self.uaa),
            Server::Aiven => Err(Refusal::new(422, "Aiven's API has no faults of this kind")),
        }
    }

    pub(crate) fn ca_pem(&self) -> String {
        self.authority.pem()
    }
}

impl Shared {
    /// # Errors
    ///
    /// When the simulator was started without it.
    pub(crate) fn cloud_foundry(&self) -> Result<&CloudFoundry, Refusal> {
        self.cloud_foundry
            .as_ref()
            .ok_or_else(|| Refusal::new(422, "the simulator was started without Cloud Foundry"))
    }

    /// Changes what exists, and wakes who waits for a change.
    pub(crate) fn edit_foundation<T>(
        &self,
        edit: impl FnOnce(&mut Foundation) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let edited = edit(&mut self.cloud_foundry()?.foundation())?;
        self.changed();
        Ok(edited)
    }
}
