//! What goes wrong with Cloud Controller, UAA and the client, each with the lines that name it.

use super::*;

/// Something that goes wrong, and the lines that name it.
type Case = (fn(&Simulator), &'static [&'static [&'static str]]);

/// In each case there are these failures, and no others; before and after them there are none.
async fn each_is_named(cases: &[Case]) {
    let (sim, config, _tenant) = platform().await;
    let (id, secret) = sim.cf_client();
    for (breaks, lines) in cases {
        breaks(&sim);
        let told = ask_alone(&config).await;
        for words in *lines {
            told.names(AREA, "failed", words);
        }
        assert_eq!(told.of(AREA, "failed").len(), lines.len(), "{}", told.text);
        assert!(!told.text.contains(&secret), "{}", told.text);
        sim.clear_faults();
        sim.add_client(ClientSpec::new(&id, &secret).authorities([AUTHORITY]));
    }
    all_is_well(&ask_alone(&config).await);
}

#[tokio::test]
async fn servers_that_cannot_be_reached_or_believed_are_named() {
    each_is_named(&[
        (
            |sim| sim.server_fault(Server::CloudController, ServerFault::Refuse),
            &[
                &[
                    "TLS of Cloud Controller",
                    "refused",
                    "cloud_foundry.api_url",
                ],
                &[
                    "Cloud Controller at",
                    "refused",
                    "see that api, uaa and router run",
                ],
            ],
        ),
        (
            |sim| sim.server_fault(Server::CloudController, ServerFault::OtherCa),
            &[
                &[
                    "TLS of Cloud Controller",
                    "not believed",
                    "Nobody's CA",
                    "cloud_foundry.ca_cert",
                ],
                &[
                    "Cloud Controller at",
                    "certificate",
                    "in cloud_foundry.ca_cert",
                ],
            ],
        ),
        (
            |sim| sim.server_fault(Server::CloudController, ServerFault::OtherName),
            &[
                &[
                    "TLS of Cloud Controller",
                    "not believed",
                    "correct cloud_foundry.api_url",
                ],
                &[
                    "Cloud Controller at",
                    "has the host name that the certificate is for",
                ],
            ],
        ),
        (
            |sim| sim.server_fault(Server::CloudController, ServerFault::Expired),
            &[
                &["TLS of Cloud Controller", "xpired", "clock"],
                &["Cloud Controller at", "xpired", "clock"],
            ],
        ),
        (
            |sim| sim.server_fault(Server::Uaa, ServerFault::Refuse),
            &[
                &[
                    "TLS of UAA",
                    "refused",
                    "aiven.http_proxy is not used for it",
                ],
                &[
                    "token of the client",
                    "refused",
                    "see that api, uaa and router run",
                ],
            ],
        ),
        (
            |sim| sim.server_fault(Server::Uaa, ServerFault::OtherCa),
            &[
                &["TLS of UAA", "not believed", "Nobody's CA"],
                &["token of the client", "in cloud_foundry.ca_cert"],
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_answers_instead_of_cloud_controller_is_named() {
    each_is_named(&[
        (
            |sim| list(sim, Operation::ReadRoot, ApiFault::Html(200)),
            &[&[
                "Cloud Controller at",
                "something between this machine and Cloud Controller answered 200",
                "the proxies and firewalls",
            ]],
        ),
        (
            |sim| list(sim, Operation::ReadRoot, ApiFault::status(503)),
            &[&["Cloud Controller at", "503", "look at its health"]],
        ),
        (
            |sim| list(sim, Operation::ReadRoot, member("links", Value::Null)),
            &[&[
                "Cloud Controller at",
                "names no UAA",
                "the one that `cf api` shows",
            ]],
        ),
        (
            |sim| {
                list(
                    sim,
                    Operation::ReadRoot,
                    member("links/uaa/href", Value::from("http://uaa.example.com")),
                )
            },
            &[&["Cloud Controller at", "is no https:// URL", "`cf api`"]],
        ),
        (
            |sim| list(sim, Operation::ListSpaces, ApiFault::Html(502)),
            &[&[
                "\"spaces\"",
                "something between this machine and Cloud Controller answered 502",
                "firewalls",
            ]],
        ),
        (
            |sim| {
                list(
                    sim,
                    Operation::ListSpaces,
                    member("pagination/total_results", None),
                )
            },
            &[&[
                "\"spaces\"",
                "how many rows there are",
                "check what answers there",
            ]],
        ),
        (
            |sim| list(sim, Operation::ListServiceInstances, ApiFault::EmptyObject),
            &[&[
                "service instances",
                "not understood",
                "check what answers there",
            ]],
        ),
        (
            |sim| {
                let seconds = 60;
                let fault = ApiFault::RateLimited {
                    seconds,
                    retry_after: None,
                };
                list(sim, Operation::ListServiceInstances, fault);
            },
            &[&[
                "service instances",
                "too many requests",
                "a UAA client of its own",
            ]],
        ),
    ])
    .await;
}

#[tokio::test]
async fn the_clients_token_and_its_rights_are_told_one_by_one() {
    each_is_named(&[
        (
            |sim| {
                sim.add_client(
                    ClientSpec::new(sim.cf_client().0, "another").authorities([AUTHORITY]),
                )
            },
            &[&[
                "token of the client",
                "does not accept the client",
                "cloud_foundry.client_secret",
            ]],
        ),
        (
            |sim| sim.remove_client(&sim.cf_client().0),
            &[&[
                "token of the client",
                "does not accept the client",
                "see that the client cloud_foundry.client_id is in UAA",
            ]],
        ),
        (
            |sim| client(sim, |client| client.users(["openid"], ["password"])),
            &[&[
                "token of the client",
                "gives this client no token",
                "client_credentials",
            ]],
        ),
        (
            |sim| list(sim, Operation::IssueToken, ApiFault::status(500)),
            &[&["token of the client", "500", "look at its health"]],
        ),
        (
            |sim| list(sim, Operation::IssueToken, ApiFault::EmptyObject),
            &[&[
                "token of the client",
                "no access_token",
                "check what answers there",
            ]],
        ),
        (
            |sim| client(sim, |client| client.authorities(["cloud_controller.read"])),
            &[
                &[
                    "\"authority\"",
                    "\\\"cloud_controller.read\\\"",
                    "add the authority cloud_controller.global_auditor",
                ],
                &[
                    "labels",
                    "knows the instances of 0 of Aiven's 1",
                    "see the line about the authority",
                ],
            ],
        ),
        (
            |sim| client(sim, |client| client.authorities(["uaa.none"])),
            &[
                &["\"authority\"", "\\\"uaa.none\\\"", "add the authority"],
                &["\"spaces\"", "uaa.none", "add the authority"],
                &["service instances", "uaa.none", "add the authority"],
            ],
        ),
        (
            |sim| list(sim, Operation::ListSpaces, ApiFault::status(403)),
            &[&["\"spaces\"", "lacks a right", "add the authority"]],
        ),
        (
            |sim| list(sim, Operation::ListServiceInstances, ApiFault::status(403)),
            &[&["service instances", "lacks a right", "add the authority"]],
        ),
    ])
    .await;
}
