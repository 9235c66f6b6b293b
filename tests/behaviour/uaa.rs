//! The real UAA on Tomcat, from the folder that `scripts/setup uaa` fills, on a loopback
//! port that the system chooses. It keeps what it knows in memory.

use std::fs;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{CloudFoundry, Process, Program, Signal, http_client};

/// How long a token of ours lives: little more than the shortest life that the daemon believes.
const TOKEN_LIFE: u32 = 35;

/// The client of add-cloud-foundry-labels.yml.
pub const CLIENT: (&str, &str) = ("aiven_metrics", "labels-secret");
/// The same without the authority that it needs.
pub const BLIND_CLIENT: (&str, &str) = ("aiven_metrics_blind", "blind-secret");
/// May change clients and users.
const ADMIN: (&str, &str) = ("aiven_metrics_tests", "tests-secret");

/// Tokens name it as their issuer, at whatever port it listens.
const ISSUER: &str = "http://uaa.test";

/// Half a minute on a quiet machine, three on a busy one.
const START: Duration = Duration::from_secs(600);

const KEYS: [&str; 2] = [
    include_str!("../../crates/aiven-sim/keys/uaa-1.pem"),
    include_str!("../../crates/aiven-sim/keys/uaa-2.pem"),
];

/// What DER puts before an RSA key of 2048 bits to make it a PKCS #8 key: version,
/// algorithm, and the octet string's head (RFC 5958).
const PKCS8_HEAD: usize = 26;

/// What UAA's web application reaches into that Java 17 closes.
const OPENED: [&str; 6] = [
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.util",
    "java.io",
    "java.net",
];

/// A UAA that runs. It is killed when this is dropped.
pub struct Uaa {
    pub url: String,
    http: Client,
    process: Process,
    _folder: TempDir,
}

impl Uaa {
    /// Starts it; returns once it is well.
    pub async fn start() -> Uaa {
        let home = std::env::var("UAA_HOME").expect("UAA_HOME; scripts/test-uaa sets it");
        let home = Path::new(&home);
        let folder = TempDir::with_prefix("uaa-").unwrap();
        write_configuration(home, folder.path());
        let process = program(home, folder.path()).start().unwrap();
        let log = process.stderr.patient(START);
        let port = log.find(|line| {
            let (_, rest) =
                line.split_once("Starting ProtocolHandler [\"http-nio-127.0.0.1-auto-1-")?;
            rest.split('"').next()?.parse::<u16>().ok()
        });
        let url = match port.await {
            Ok(port) => format!("http://127.0.0.1:{port}/uaa"),
            Err(error) => panic!("UAA does not start: {error:?}\n{}", process.last_lines()),
        };
        let http = http_client();
        let answer = http.get(format!("{url}/healthz")).send().await.unwrap();
        let health = answer.text().await.unwrap();
        assert_eq!(health.trim(), "ok", "{}", process.printed());
        Uaa {
            url,
            http,
            process,
            _folder: folder,
        }
    }

    /// Kills it, since it takes its time to end in order.
    pub async fn kill(&mut self) {
        self.process.signal(Signal::KILL).unwrap();
        self.process.ended().await.unwrap();
    }

    /// Gives a client another secret; the old one is good no longer.
    pub async fn set_secret(&self, client: &str, secret: &str) {
        let path = format!("oauth/clients/{client}/secret");
        self.administrate(Method::PUT, &path, json!({"secret": secret}))
            .await;
    }

    /// Adds a user; returns its GUID.
    pub async fn add_user(&self, name: &str, password: &str) -> String {
        let emails = json!([{"value": format!("{name}@example.org")}]);
        let user = json!({"userName": name, "password": password, "emails": emails});
        let made = self.administrate(Method::POST, "Users", user).await;
        made["id"].as_str().unwrap().to_owned()
    }

    async fn administrate(&self, method: Method, path: &str, body: Value) -> Value {
        let (id, secret) = ADMIN;
        let request = self.http.post(format!("{}/oauth/token", self.url));
        let request = request.basic_auth(id, Some(secret));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let grant = request.body("grant_type=client_credentials").send().await;
        let grant: Value = grant.unwrap().json().await.unwrap();
        let token = grant["access_token"].as_str();
        let token = token.unwrap_or_else(|| panic!("{grant}\n{}", self.process.printed()));
        let request = self.http.request(method, format!("{}/{path}", self.url));
        let answer = request.bearer_auth(token).json(&body).send().await.unwrap();
        let status = answer.status();
        let answer = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {answer}");
        serde_json::from_str(&answer).unwrap()
    }
}

/// The Cloud Foundry at which `client` reads.
pub fn read_as(client: (&str, &str), at: impl Into<CloudFoundry>) -> CloudFoundry {
    CloudFoundry {
        client_id: client.0.to_owned(),
        client_secret: client.1.to_owned(),
        ..at.into()
    }
}

/// Java, and not Tomcat's script: it becomes the process that we end.
fn program(home: &Path, base: &Path) -> Program {
    let tomcat = home.join("tomcat");
    let jar = |name: &str| tomcat.join("bin").join(name).display().to_string();
    let property = |name: &str, path: &Path| format!("-D{name}={}", path.display());
    let opened = OPENED.map(|package| format!("--add-opens=java.base/{package}=ALL-UNNAMED"));
    Program::new(home.join("java/bin/java"))
        .named("UAA")
        .env("UAA_CONFIG_PATH", base)
        .args(opened)
        // Ready sooner; it has little to do afterwards.
        .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx384m"])
        .arg("-Dspring_profiles=default,hsqldb")
        .arg(property("catalina.home", &tomcat))
        .arg(property("catalina.base", base))
        .arg(property("java.io.tmpdir", &base.join("temp")))
        .args([
            "-cp",
            &[jar("bootstrap.jar"), jar("tomcat-juli.jar")].join(":"),
        ])
        .args(["org.apache.catalina.startup.Bootstrap", "start"])
}

fn write_configuration(home: &Path, base: &Path) {
    for folder in ["conf", "temp"] {
        fs::create_dir(base.join(folder)).unwrap();
    }
    let webapp = home.join("webapp");
    let server = format!(
        r#"<Server port="-1">
  <Service name="Catalina">
    <Connector address="127.0.0.1" port="0" protocol="org.apache.coyote.http11.Http11NioProtocol"/>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="none" autoDeploy="false">
        <Context path="/uaa" docBase="{}"/>
      </Host>
    </Engine>
  </Service>
</Server>
"#,
        webapp.display()
    );
    fs::write(base.join("conf/server.xml"), server).unwrap();
    let defaults = "conf/web.xml";
    fs::copy(home.join("tomcat").join(defaults), base.join(defaults)).unwrap();
    let required = webapp.join("WEB-INF/classes/required_configuration.yml");
    let required = fs::read_to_string(required).unwrap();
    fs::write(base.join("uaa.yml"), uaa_yml(&required)).unwrap();
}

/// What UAA cannot do without, and in the place of its keys what cf-deployment gives it:
/// two keys, and our client. The client of the cf CLI it has by itself.
fn uaa_yml(required: &str) -> String {
    let (required, _) = required.rsplit_once("jwt:").expect("keys come last");
    let required = required.replace("http://localhost:8080/uaa", ISSUER);
    let [one, two] = KEYS.map(|key| json!({"signingKey": pkcs1(key)}));
    let policy = json!({"activeKeyId": "key-1", "keys": {"key-1": one, "key-2": two}});
    let ours = |(_, secret): (&str, &str), authority: &str| {
        json!({
            "authorized-grant-types": "client_credentials", "authorities": authority,
            "secret": secret, "access-token-validity": TOKEN_LIFE,
        })
    };
    let clients = json!({
        CLIENT.0: ours(CLIENT, "cloud_controller.global_auditor"),
        BLIND_CLIENT.0: ours(BLIND_CLIENT, "cloud_controller.read"),
        ADMIN.0: ours(ADMIN, "clients.secret,clients.admin,uaa.admin,scim.read,scim.write"),
    });
    let jwt = json!({"token": {"policy": policy}});
    let oauth = json!({"clients": clients});
    // JSON is YAML.
    format!("{required}\njwt: {jwt}\noauth: {oauth}\n")
}

/// The only form of a key that this UAA reads.
fn pkcs1(pkcs8: &str) -> String {
    let base64: String = pkcs8
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let der = BASE64_STANDARD.decode(base64).unwrap();
    let key = BASE64_STANDARD.encode(&der[PKCS8_HEAD..]);
    format!("-----BEGIN RSA PRIVATE KEY-----\n{key}\n-----END RSA PRIVATE KEY-----\n")
}
