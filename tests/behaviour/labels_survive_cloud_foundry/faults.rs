//! The faults, each with the words that lead to its mend.

use aiven_sim::PageLoop;

use super::*;

/// The next pass asks UAA for a token.
pub(super) fn forget_token(sim: &Simulator) {
    refuse_token(sim, 1);
}

/// Cloud Controller refuses so many tokens. After two in a row the daemon looks anew for UAA.
fn refuse_token(sim: &Simulator, times: u32) {
    let list = Fault::new(Operation::ListServiceInstances);
    sim.inject(list.times(times), ApiFault::status(401));
}

fn case(name: &'static str, says: &'static str, breaks: fn(&Simulator)) -> Case {
    Case { name, breaks, says }
}

fn list(sim: &Simulator, fault: ApiFault) {
    sim.inject(Fault::new(Operation::ListServiceInstances), fault);
}

fn token(sim: &Simulator, fault: ApiFault) {
    sim.inject(Fault::new(Operation::IssueToken), fault);
    forget_token(sim);
}

fn root(sim: &Simulator, fault: ApiFault) {
    sim.inject(Fault::new(Operation::ReadRoot), fault);
    refuse_token(sim, 2);
}

fn server(sim: &Simulator, server: Server, fault: ServerFault) {
    if server == Server::Uaa {
        forget_token(sim);
    }
    sim.server_fault(server, fault);
}

/// UAA knows the client in this way.
fn client(sim: &Simulator, made: fn(ClientSpec) -> ClientSpec) {
    let (id, secret) = sim.cf_client();
    sim.add_client(made(ClientSpec::new(id, secret)));
    forget_token(sim);
}

fn member(member: &str, value: impl Into<Value>) -> ApiFault {
    ApiFault::Member {
        member: member.to_owned(),
        value: Some(value.into()),
    }
}

fn without(member: &str) -> ApiFault {
    ApiFault::Member {
        member: member.to_owned(),
        value: None,
    }
}

fn row(member: &str, value: impl Into<Value>) -> ApiFault {
    ApiFault::EveryRow {
        member: member.to_owned(),
        value: Some(value.into()),
    }
}

/// Cloud Controller says it by the time when the wait ends.
fn wait_a_little(retry_after: Option<&str>) -> ApiFault {
    ApiFault::RateLimited {
        seconds: 2,
        retry_after: retry_after.map(str::to_owned),
    }
}

/// What stands before a server, and sends elsewhere.
fn redirect() -> ApiFault {
    ApiFault::WithHeaders {
        code: 302,
        headers: vec![(
            "Location".to_owned(),
            "https://127.0.0.1:1/elsewhere".to_owned(),
        )],
        message: String::new(),
    }
}

const NETWORK: &str = "see that api, uaa and router run (bosh -d cf instances), and that this machine reaches them; then cloud_foundry.api_url";
const CA: &str = "give the certificate of the CA that made it in cloud_foundry.ca_cert";
const CLOCK: &str = "check this machine's clock";
const BEFORE: &str = "see cloud_foundry.api_url, and the proxies and firewalls on the way to it";
const HEALTH: &str = "look at its health";
const ODD: &str = "check what answers there";
const THROTTLED: &str = "give this program a UAA client of its own";
const AUTHORITY: &str = "cloud_controller.global_auditor";
const SHORT: &str = "of 2 that it counts";

/// The slow ones and the quick ones mixed, as several daemons take turns.
pub(super) fn of_cloud_controller() -> Vec<Case> {
    vec![
        case("refused", NETWORK, |sim| {
            server(sim, Server::CloudController, ServerFault::Refuse)
        }),
        case("reset", NETWORK, |sim| {
            server(sim, Server::CloudController, ServerFault::Reset)
        }),
        case("500", HEALTH, |sim| list(sim, ApiFault::status(500))),
        case("503", HEALTH, |sim| list(sim, ApiFault::status(503))),
        case("502 in HTML", BEFORE, |sim| list(sim, ApiFault::Html(502))),
        case("reset after the request", NETWORK, |sim| {
            list(sim, ApiFault::Reset)
        }),
        case("half a body", NETWORK, |sim| {
            list(sim, ApiFault::CutConnection)
        }),
        case("reset in the body", NETWORK, |sim| {
            list(sim, ApiFault::ResetMidBody)
        }),
        case("429", THROTTLED, |sim| list(sim, wait_a_little(None))),
        case("an empty list", AUTHORITY, |sim| {
            list(sim, ApiFault::EmptyList)
        }),
        case("another CA", CA, |sim| {
            server(sim, Server::CloudController, ServerFault::OtherCa)
        }),
        case(
            "another name",
            "has the host name that the certificate is for",
            |sim| {
                server(sim, Server::CloudController, ServerFault::OtherName);
            },
        ),
        case("expired", CLOCK, |sim| {
            server(sim, Server::CloudController, ServerFault::Expired)
        }),
        case(
            "401",
            "check that both are of one foundation, and the clocks",
            |sim| {
                list(sim, ApiFault::status(401));
            },
        ),
        case("403", AUTHORITY, |sim| list(sim, ApiFault::status(403))),
        case("404", "the one that `cf api` shows", |sim| {
            list(sim, ApiFault::status(404))
        }),
        case("HTML", BEFORE, |sim| list(sim, ApiFault::Html(200))),
        case("a redirect", BEFORE, |sim| list(sim, redirect())),
        case("an empty object", ODD, |sim| {
            list(sim, ApiFault::EmptyObject)
        }),
        case("half a list", SHORT, |sim| list(sim, ApiFault::HalfList)),
        case(
            "a total that is too large",
            "after 2 rows, of 999 that it counts",
            |sim| {
                list(sim, member("pagination/total_results", 999));
            },
        ),
        case(
            "pages that lead to themselves",
            "the pages go round in circles",
            |sim| {
                list(sim, ApiFault::PagesLoop(PageLoop::Itself));
            },
        ),
        case(
            "pages that lead to the first",
            "the pages go round in circles",
            |sim| {
                list(sim, ApiFault::PagesLoop(PageLoop::First));
            },
        ),
        case(
            "a next page elsewhere",
            "the pages go round in circles",
            |sim| {
                list(
                    sim,
                    member(
                        "pagination/next",
                        serde_json::json!({"href": "https://127.0.0.1:1/"}),
                    ),
                );
            },
        ),
        case("not JSON", ODD, |sim| list(sim, ApiFault::Malformed)),
        case("cut JSON", ODD, |sim| list(sim, ApiFault::CutJson)),
        case("an endless body", "more than 16777216 bytes", |sim| {
            list(sim, ApiFault::Endless)
        }),
        case("rows without GUIDs", AUTHORITY, |sim| {
            list(sim, row("guid", "my-own"))
        }),
        case("no pagination", ODD, |sim| list(sim, without("pagination"))),
    ]
}

pub(super) fn of_uaa() -> Vec<Case> {
    vec![
        case("UAA: refused", NETWORK, |sim| {
            server(sim, Server::Uaa, ServerFault::Refuse)
        }),
        case("UAA: reset", NETWORK, |sim| {
            server(sim, Server::Uaa, ServerFault::Reset)
        }),
        case("UAA: 500", HEALTH, |sim| token(sim, ApiFault::status(500))),
        case("UAA: 503", HEALTH, |sim| token(sim, ApiFault::status(503))),
        case("UAA: 502 in HTML", BEFORE, |sim| {
            token(sim, ApiFault::Html(502))
        }),
        case("UAA: half a body", NETWORK, |sim| {
            token(sim, ApiFault::CutConnection)
        }),
        case("UAA: 429", THROTTLED, |sim| {
            token(sim, wait_a_little(Some("1")))
        }),
        case("the root: 503", HEALTH, |sim| {
            root(sim, ApiFault::status(503))
        }),
        case("UAA: another CA", CA, |sim| {
            server(sim, Server::Uaa, ServerFault::OtherCa)
        }),
        case("UAA: expired", CLOCK, |sim| {
            server(sim, Server::Uaa, ServerFault::Expired)
        }),
        case("UAA: HTML", BEFORE, |sim| token(sim, ApiFault::Html(200))),
        case("UAA: a redirect", BEFORE, |sim| token(sim, redirect())),
        case("UAA: an empty object", "no access_token", |sim| {
            token(sim, ApiFault::EmptyObject)
        }),
        case("UAA: not JSON", ODD, |sim| token(sim, ApiFault::Malformed)),
        case("UAA: cut JSON", ODD, |sim| token(sim, ApiFault::CutJson)),
        case("UAA: an endless body", "more than 16777216 bytes", |sim| {
            token(sim, ApiFault::Endless)
        }),
        case(
            "UAA: a token with a line break",
            "that no request can carry",
            |sim| {
                token(sim, member("access_token", "a\r\nHost: b"));
            },
        ),
        case("UAA: no bearer", "other than bearer", |sim| {
            token(sim, member("token_type", "mac"))
        }),
        case(
            "a wrong secret",
            "cloud_foundry.client_secret is the secret",
            |sim| {
                let (id, _) = sim.cf_client();
                sim.add_client(ClientSpec::new(id, "another").authorities([AUTHORITY]));
                forget_token(sim);
            },
        ),
        case(
            "no such client",
            "see that the client cloud_foundry.client_id is in UAA",
            |sim| {
                sim.remove_client(&sim.cf_client().0);
                forget_token(sim);
            },
        ),
        case(
            "no grant type",
            "authorized_grant_types: client_credentials",
            |sim| {
                client(sim, |client| client.users(["openid"], ["password"]));
            },
        ),
        case(
            "an authority that sees nothing",
            "add the authority cloud_controller.global_auditor to the client where it is defined (uaa.clients in the deployment), and deploy",
            |sim| {
                client(sim, |client| client.authorities(["cloud_controller.read"]));
            },
        ),
        case(
            "no authority",
            "add the authority cloud_controller.global_auditor to the client where it is defined (uaa.clients in the deployment), and deploy",
            |sim| {
                client(sim, |client| client.authorities(["uaa.none"]));
            },
        ),
        case("the root: no UAA", "the one that `cf api` shows", |sim| {
            root(sim, member("links", Value::Null))
        }),
        case("the root: HTML", BEFORE, |sim| {
            root(sim, ApiFault::Html(200))
        }),
        case("the root: a UAA without TLS", "is no https:// URL", |sim| {
            root(sim, member("links/uaa/href", "http://uaa.example.com"));
        }),
    ]
}

/// Not as expected, and yet true as far as it goes.
pub(super) fn odd_answers() -> Vec<Case> {
    const DAY: i64 = 86_400;
    let slow = |sim: &Simulator| {
        let slowly = ApiFault::Delay(Duration::from_millis(300));
        sim.inject(Fault::on(Server::CloudController), slowly);
    };
    vec![
        case("slow", "", slow),
        case("a trickle", "", |sim| {
            let every = Duration::from_millis(10);
            list(sim, ApiFault::Trickle { bytes: 200, every });
        }),
        case("a clock ahead", "", |sim| {
            list(sim, ApiFault::ClockOff(DAY))
        }),
        case("a clock behind", "", |sim| {
            list(sim, ApiFault::ClockOff(-DAY))
        }),
        case("UAA: a clock ahead", "", |sim| {
            token(sim, ApiFault::ClockOff(DAY))
        }),
        case("a total that is too small", "", |sim| {
            list(sim, member("pagination/total_results", 0))
        }),
        case("a total in words", "", |sim| {
            list(sim, member("pagination/total_results", "two"))
        }),
        case("unknown fields", "", |sim| {
            list(sim, ApiFault::UnknownFields)
        }),
        case("no included", "", |sim| list(sim, without("included"))),
        case("rows without a space", "", |sim| {
            list(sim, row("relationships", Value::Null))
        }),
        case("a GUID that is a word", "", |sim| {
            list(sim, ApiFault::OddInstance(OddInstance::GuidIsWord))
        }),
        case("a row that is null", "", |sim| {
            list(sim, ApiFault::OddInstance(OddInstance::Null))
        }),
        case("no expires_in", "", |sim| token(sim, without("expires_in"))),
        case("expires_in 0", "", |sim| {
            token(sim, member("expires_in", 0))
        }),
        case("a negative expires_in", "", |sim| {
            token(sim, member("expires_in", -5))
        }),
        case("a huge expires_in", "", |sim| {
            token(sim, member("expires_in", 1e300))
        }),
    ]
}
