//! The way in for browsers: `/oauth/authorize`, the login page and its form. Whatever a client may
//! have is approved without a question.

use std::collections::HashMap;

use uuid::Uuid;

use super::Uaa;
use super::token::Subject;
use crate::cloud_foundry::answer::{Answer, uaa_error};
use crate::cloud_foundry::serve::Call;

const SESSION: &str = "JSESSIONID";
const CSRF: &str = "X-Uaa-Csrf";

#[derive(Debug, Default)]
struct Session {
    /// GUID of the user who logged in.
    user: Option<String>,
    /// Where to go on after that.
    saved: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<String, Session>);

/// An authorization code that was not used yet.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) subject: Subject,
    pub(super) redirect_uri: String,
    /// PKCE's challenge and its method.
    pub(super) challenge: Option<(String, String)>,
}

#[derive(Debug, Default)]
pub(super) struct Codes(HashMap<String, Code>);

impl Codes {
    /// Nobody gets it a second time.
    pub(super) fn take(&mut self, code: &str) -> Option<Code> {
        self.0.remove(code)
    }
}

fn random() -> String {
    Uuid::new_v4().simple().to_string()
}

fn cookie(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

/// With these parameters more.
fn with_params(uri: &str, params: &[(&str, &str)]) -> String {
    let params = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params)
        .finish();
    let joint = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{joint}{params}")
}

impl Uaa {
    /// A wrong client or `redirect_uri` is refused here; whatever else is wrong goes back there.
    pub(super) fn authorize(&mut self, call: &Call) -> Answer {
        let client = call
            .query("client_id")
            .and_then(|id| self.clients.get(id))
            .cloned();
        let Some(client) = client else {
            return uaa_error(401, "invalid_client", "No client with requested id");
        };
        let wanted = call.query("redirect_uri");
        let allowed = client
            .redirect_uris
            .iter()
            .find(|uri| wanted.is_none_or(|wanted| wanted == *uri));
        let Some(redirect_uri) = allowed.cloned() else {
            let description = "Invalid redirect did not match one of the registered values";
            return uaa_error(400, "invalid_request", description);
        };
        let state = call.query("state").unwrap_or_default();
        let back = |params: &[(&str, &str)]| {
            let state: &[(&str, &str)] = if state.is_empty() {
                &[]
            } else {
                &[("state", state)]
            };
            Answer::redirect(with_params(&redirect_uri, &[params, state].concat()))
        };
        if call.query("response_type") != Some("code") {
            return back(&[("error", "unsupported_response_type")]);
        }
        if !client.grant_types.contains("authorization_code") {
            return back(&[("error", "unauthorized_client")]);
        }
        let session = call.cookie(SESSION).and_then(|id| self.sessions.0.get(id));
        let user = session.and_then(|session| session.user.clone());
        let Some(user) = user.filter(|user| self.has_user(user)) else {
            return self.ask_to_log_in(call);
        };
        let scopes = match self.scopes_of(&client, &user, call) {
            Ok(scopes) => scopes,
            Err(_) => return back(&[("error", "invalid_scope")]),
        };
        let challenge = call.query("code_challenge").map(|challenge| {
            let method = call.query("code_challenge_method").unwrap_or("plain");
            (challenge.to_owned(), method.to_owned())
        });
        let subject = Subject {
            client: client.id,
            user: Some(user),
            scopes,
            grant_type: "authorization_code",
        };
        let code = random();
        self.codes.0.insert(
            code.clone(),
            Code {
                subject,
                redirect_uri: redirect_uri.clone(),
                challenge,
            },
        );
        back(&[("code", &code)])
    }

    fn ask_to_log_in(&mut self, call: &Call) -> Answer {
        let id = random();
        let session = Session {
            user: None,
            saved: Some(format!("{}{}", self.url, call.uri)),
        };
        self.sessions.0.insert(id.clone(), session);
        Answer::redirect(format!("{}/login", self.url)).with("set-cookie", cookie(SESSION, &id))
    }

    pub(super) fn log_in(&mut self, call: &Call) -> Answer {
        match call.method.as_str() {
            "GET" => login_page(call),
            _ => self.check_login(call),
        }
    }

    fn check_login(&mut self, call: &Call) -> Answer {
        let csrf = call
            .field(CSRF)
            .filter(|csrf| call.cookie(CSRF) == Some(*csrf));
        if csrf.is_none() {
            return Answer::redirect(format!("{}/login?error=invalid_login_request", self.url));
        }
        let (name, password) = (call.field("username"), call.field("password"));
        let checked =
            self.accounts
                .check(name.unwrap_or_default(), password.unwrap_or_default(), None);
        let Ok(user) = checked else {
            return Answer::redirect(format!("{}/login?error=login_failure", self.url));
        };
        let user = user.guid.clone();
        let saved = call
            .cookie(SESSION)
            .and_then(|id| self.sessions.0.remove(id)?.saved);
        // Another id, so that nobody who knew the old one is logged in, too.
        let id = random();
        let session = Session {
            user: Some(user),
            saved: None,
        };
        self.sessions.0.insert(id.clone(), session);
        let to = saved.unwrap_or_else(|| format!("{}/", self.url));
        Answer::redirect(to).with("set-cookie", cookie(SESSION, &id))
    }
}

fn login_page(call: &Call) -> Answer {
    let csrf = random();
    let problem = match call.query("error") {
        Some(_) => "<p class=\"error\">Provided credentials are invalid. Please try again.</p>",
        None => "",
    };
    let page = format!(
        "<!DOCTYPE html><html><head><title>Login</title></head><body><h1>Welcome!</h1>{problem}\
         <form action=\"/login.do\" method=\"post\">\
         <input type=\"text\" name=\"username\"><input type=\"password\" name=\"password\">\
         <input type=\"hidden\" name=\"{CSRF}\" value=\"{csrf}\">\
         <input type=\"submit\" value=\"Sign in\"></form></body></html>"
    );
    Answer::text(200, "text/html;charset=UTF-8", page).with("set-cookie", cookie(CSRF, &csrf))
}
