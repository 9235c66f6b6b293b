//! Whose a service is, in words.

use crate::model::cloud_foundry::{Identity, Name};
use crate::model::status::{ServiceStatus, Status};

/// Whose the service is, how sure that is, and what says otherwise. `None` unless Cloud
/// Foundry is to be asked.
pub(super) fn explained(status: &Status, service: &ServiceStatus) -> Option<String> {
    let stage = status.cloud_foundry.as_ref()?;
    let Some(ownership) = &service.cloud_foundry else {
        return Some(
            "nobody's but the operators': neither its tag service_id nor the end of its name is a GUID"
                .to_owned(),
        );
    };
    let identity = &ownership.identity;
    let sure = match (identity.confirmed, stage.last_success) {
        (true, _) => "confirmed by Cloud Controller",
        (false, Some(_)) => "as Aiven's tags say; Cloud Controller does not list the instance",
        (false, None) => "as Aiven's tags say; Cloud Controller has not been read yet",
    };
    let mut text = format!("{} ({sure})", place(identity));
    for disagreement in &ownership.disagreements {
        text += &format!("; {disagreement}");
    }
    if !ownership.shared_with.is_empty() {
        let spaces = ownership.shared_with.iter().map(ToString::to_string);
        let spaces: Vec<_> = spaces.collect();
        text += &format!("; shared with the spaces {}", spaces.join(", "));
    }
    if let Some(failing) = &stage.failing {
        let (since, cause) = (failing.since, &failing.cause);
        text += &format!("; Cloud Foundry cannot be read since {since}: {cause}");
    }
    Some(text)
}

/// `service instance NAME (GUID) in space NAME (GUID) of organization NAME (GUID)`
fn place(identity: &Identity) -> String {
    let thing = |name: &Option<Name>, guid: String| match name {
        Some(name) => format!("{} ({guid})", name.as_str()),
        None => guid,
    };
    let instance = identity.instance.to_string();
    let instance = thing(&identity.instance_name, instance);
    let space = match identity.space {
        Some(guid) => format!("in space {}", thing(&identity.space_name, guid.to_string())),
        None => "in a space that is not known, so it is nobody's but the operators'".to_owned(),
    };
    let organization = match identity.organization {
        Some(guid) => {
            let named = thing(&identity.organization_name, guid.to_string());
            format!(" of organization {named}")
        }
        None => String::new(),
    };
    format!("service instance {instance} {space}{organization}")
}
