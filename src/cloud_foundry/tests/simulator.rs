//! The reader against the simulated Cloud Controller and UAA, which know nothing of it.

use aiven_sim::{InstanceSpec, Simulator};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::foundation::{config, reader};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn several_pages_of_the_simulator_are_read_and_a_new_instance_is_found() {
    let sim = Simulator::builder().cloud_foundry().start().await.unwrap();
    let organization = sim.add_organization("organization");
    let space = sim.add_space(&organization, "space");
    let other = sim.add_space(&organization, "other");
    let mut add = |number: u32| -> Guid {
        let instance = InstanceSpec::new(format!("instance-{number}"), &space);
        sim.add_instance(instance).parse().unwrap()
    };
    let guids: Vec<Guid> = (0..2100).map(&mut add).collect();
    sim.share_instance(&guids[2099].to_string(), &other);

    let mut settings = config(sim.cf_url().parse().unwrap(), NEVER);
    let (id, secret) = sim.cf_client();
    (settings.client_id, settings.client_secret) = (id, secret.into());
    let pem = sim.cf_ca_pem();
    let ca = CertificateDer::pem_slice_iter(pem.as_bytes());
    settings.ca_cert = ca.collect::<Result<_, _>>().unwrap();
    let (sender, mut reports) = mpsc::channel(16);
    let needed = [guids[0], guids[1050], guids[2099]];
    let (needs, wanted) = watch::channel(Arc::new(needed.into()));
    let running = tokio::spawn(reader(&settings).0.run(wanted, sender));

    let Some(Report::Read { foundation, .. }) = reports.recv().await else {
        panic!("no pass");
    };
    assert_eq!(foundation.instances.len(), 3);
    let space: Guid = space.parse().unwrap();
    let instance = &foundation.instances[&guids[1050]];
    assert_eq!(instance.name.as_ref().unwrap().as_str(), "instance-1050");
    assert_eq!(instance.space, Some(space));
    assert_eq!(
        foundation.spaces[&space].name.as_ref().unwrap().as_str(),
        "space"
    );
    let organization: Guid = organization.parse().unwrap();
    assert_eq!(
        foundation.organizations[&organization].as_str(),
        "organization"
    );
    let Some(Report::Shared(shared)) = reports.recv().await else {
        panic!("no shared spaces");
    };
    assert!(shared[&guids[0]].is_empty());
    assert_eq!(*shared[&guids[2099]], [other.parse().unwrap()]);

    let new = add(9999);
    needs.send_modify(|needed| {
        Arc::make_mut(needed).insert(new);
    });
    let Some(Report::Found(found)) = reports.recv().await else {
        panic!("nothing found");
    };
    assert_eq!(found.instances[&new].space, Some(space));
    drop(reports);
    running.await.unwrap();
}
