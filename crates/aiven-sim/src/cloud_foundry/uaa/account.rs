//! Users, their passwords, and how many wrong ones are too many.

use std::time::Duration;

use super::{Uaa, now};
use crate::cloud_foundry::foundation::new_guid;
use crate::cloud_foundry::spec::UserSpec;
use crate::refusal::Refusal;

/// UAA's defaults: so many wrong passwords within so long lock an account for so long.
const MAX_FAILURES: usize = 5;
const FAILURES_WITHIN: Duration = Duration::from_secs(3600);
const LOCKED_FOR: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(super) struct User {
    pub(super) guid: String,
    pub(super) spec: UserSpec,
    /// Epoch seconds of wrong passwords.
    failures: Vec<i64>,
}

#[derive(Debug, Default)]
pub(super) struct Accounts {
    users: Vec<User>,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    BadCredentials,
    Locked,
}

impl Denied {
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::BadCredentials => "Bad credentials",
            Self::Locked => {
                "Your account has been locked because of too many failed attempts to login."
            }
        }
    }
}

impl Accounts {
    pub(super) fn get(&self, guid: &str) -> Option<&User> {
        self.users.iter().find(|user| user.guid == guid)
    }

    /// The user with this name: of that origin, else UAA's own, else any.
    fn position(&self, name: &str, origin: Option<&str>) -> Option<usize> {
        let is = |user: &User, wanted: &str| {
            user.spec.name.eq_ignore_ascii_case(name) && user.spec.origin == wanted
        };
        let of = |origin: &str| self.users.iter().position(|user| is(user, origin));
        match origin {
            Some(origin) => of(origin),
            None => of("uaa").or_else(|| {
                self.users
                    .iter()
                    .position(|user| user.spec.name.eq_ignore_ascii_case(name))
            }),
        }
    }

    /// A wrong password counts against the account, and a locked one refuses the right one, too.
    pub(super) fn check(
        &mut self,
        name: &str,
        password: &str,
        origin: Option<&str>,
    ) -> Result<&User, Denied> {
        let position = self.position(name, origin).ok_or(Denied::BadCredentials)?;
        let user = &mut self.users[position];
        let since = |seconds: Duration| now().saturating_sub_unsigned(seconds.as_secs());
        user.failures.retain(|at| *at > since(FAILURES_WITHIN));
        let is_full = user.failures.len() >= MAX_FAILURES;
        if is_full
            && user
                .failures
                .last()
                .is_some_and(|at| *at > since(LOCKED_FOR))
        {
            return Err(Denied::Locked);
        }
        if user.spec.password != password {
            user.failures.push(now());
            return Err(Denied::BadCredentials);
        }
        user.failures.clear();
        Ok(user)
    }
}

fn missing(name: &str) -> Refusal {
    Refusal::new(404, format!("UAA has no user {name}"))
}

impl Uaa {
    /// Returns the user's GUID.
    pub(crate) fn add_user(&mut self, spec: UserSpec) -> String {
        let guid = spec.guid.clone().unwrap_or_else(new_guid);
        self.accounts.users.push(User {
            guid: guid.clone(),
            spec,
            failures: Vec::new(),
        });
        guid
    }

    /// A user's GUID by the name; what is no user's name is taken for a GUID (of a real UAA's user).
    pub(crate) fn user_guid(&self, name: &str) -> String {
        let position = self.accounts.position(name, None);
        position.map_or_else(
            || name.to_owned(),
            |at| self.accounts.users[at].guid.clone(),
        )
    }

    pub(crate) fn has_user(&self, guid: &str) -> bool {
        self.accounts.get(guid).is_some()
    }

    fn user_mut(&mut self, name: &str) -> Result<&mut User, Refusal> {
        let position = self
            .accounts
            .position(name, None)
            .ok_or_else(|| missing(name))?;
        Ok(&mut self.accounts.users[position])
    }

    /// Tokens that the user has live on; refresh tokens and sessions do not.
    pub(crate) fn remove_user(&mut self, name: &str) -> Result<(), Refusal> {
        let guid = self.user_mut(name)?.guid.clone();
        self.accounts.users.retain(|user| user.guid != guid);
        Ok(())
    }

    pub(crate) fn set_password(&mut self, name: &str, password: String) -> Result<(), Refusal> {
        self.user_mut(name)?.spec.password = password;
        Ok(())
    }

    /// A locked account is open again.
    pub(crate) fn unlock_user(&mut self, name: &str) -> Result<(), Refusal> {
        self.user_mut(name)?.failures.clear();
        Ok(())
    }
}
