//! Mailed links reset passwords and verify emails, once and in time.

use std::time::Duration;

use patch_hive::config::{Config, Mail};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

use crate::harness::{Actor, Backend, TestApp, app::run_with};

/// Time limit for the delivery of a mail.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const REQUEST_RESET: &str =
    "mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { email } }";
pub(crate) const RESET: &str =
    "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { token user { emailVerified } } }";
pub(crate) const VERIFY: &str = "mutation ($input: VerifyEmailInput!) { verifyEmail(input: $input) { emailVerified } }";
const REQUEST_VERIFICATION: &str = "mutation { requestEmailVerification { email } }";
const LOG_IN: &str = "mutation ($input: LogInInput!) { logIn(input: $input) { token } }";

/// A mail server, and the mails that came to it.
pub(crate) struct MailServer {
    pub(crate) url: String,
    mails: mpsc::UnboundedReceiver<String>,
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (sender, mails) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, sender.clone()));
            }
        });
        Self { url, mails }
    }

    /// The next mail, which has to be for this address.
    pub(crate) async fn next_to(&mut self, address: &str) -> String {
        let mail = self.next().await;
        assert!(mail.contains(&format!("To: {address}")), "{mail}");
        mail
    }

    /// The next two mails, which are sent at once.
    pub(super) async fn next_two(&mut self) -> Mails {
        Mails([self.next().await, self.next().await])
    }

    /// The next mail.
    async fn next(&mut self) -> String {
        let mail = timeout(PATIENCE, self.mails.recv()).await.expect("no mail came").unwrap();
        // Undoes the encoding of long lines.
        mail.replace("=\r\n", "").replace("=3D", "=")
    }

    /// The token of the link in the next mail, and the page that the link leads to.
    pub(crate) async fn next_link(&mut self) -> (String, String) {
        link_in(&self.next().await)
    }
}

/// The token of the link in a mail, and the page that the link leads to.
fn link_in(mail: &str) -> (String, String) {
    let link = mail
        .split_whitespace()
        .find(|word| word.starts_with("https://pages.example/"))
        .unwrap_or_else(|| panic!("{mail}"));
    let (page, token) = link.split_once("#token=").unwrap_or_else(|| panic!("{mail}"));
    (page.trim_start_matches("https://pages.example").to_owned(), token.to_owned())
}

/// Two mails in any order.
pub(super) struct Mails([String; 2]);

impl Mails {
    /// The mail to an address.
    pub(super) fn to(&self, address: &str) -> &str {
        let mail = self.0.iter().find(|mail| mail.contains(&format!("To: {address}")));
        mail.unwrap_or_else(|| panic!("no mail to {address}: {:?}", self.0))
    }

    /// The link in the mail to an address, as [`MailServer::next_link`] returns it.
    pub(super) fn link_to(&self, address: &str) -> (String, String) {
        link_in(self.to(address))
    }
}

/// Speaks as much of SMTP as a client needs to leave mails.
async fn serve(stream: TcpStream, mails: mpsc::UnboundedSender<String>) {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await.ok();
    let mut line = String::new();
    while {
        line.clear();
        stream.read_line(&mut line).await.unwrap_or(0) > 0
    } {
        let reply: &[u8] = match line.get(..4).unwrap_or_default().to_uppercase().as_str() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok();
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") && stream.read_line(&mut mail).await.unwrap_or(0) > 0 {}
                mails.send(mail).ok();
                b"250 ok\r\n"
            }
            "QUIT" => return,
            _ => b"250 ok\r\n",
        };
        stream.write_all(reply).await.ok();
    }
}

/// Runs a fact about a gateway with a mail server, on both databases.
pub(crate) async fn with_mail<F: Future<Output = ()>>(fact: impl Fn(TestApp, MailServer) -> F) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = MailServer::start().await;
        let url = server.url.clone();
        let settings = |config: &mut Config| {
            config.mail =
                Mail::Smtp { url: url.clone().into(), from: "Patch-Hive <no-reply@pages.example>".to_owned() };
            "https://pages.example/".clone_into(&mut config.public_url);
        };
        run_with(backend, settings, |app| fact(app, server)).await;
    }
}

fn request(email: &str) -> Value {
    json!({ "input": { "email": email } })
}

fn verify(token: &str) -> Value {
    json!({ "input": { "token": token } })
}

fn reset(token: &str, password: &str) -> Value {
    json!({ "input": { "token": token, "newPassword": password } })
}

async fn logs_in(app: &TestApp, password: &str) -> Option<Actor> {
    let input = json!({ "email": "ada@patchhive.example", "password": password });
    let answer = app.visitor().asks_with(LOG_IN, json!({ "input": input })).await;
    answer["data"]["logIn"]["token"].as_str().map(|token| app.bearer(token))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_reset_once_by_a_link() {
    with_mail(async |app, mut server| {
        let ada = app.signs_up("ada").await;
        let nobody = app.visitor().gets(REQUEST_RESET, request("nobody@patchhive.example")).await;
        assert_eq!(nobody, json!({ "email": "nobody@patchhive.example" }));
        let answer = json!({ "email": "ada@patchhive.example" });
        assert_eq!(app.visitor().gets(REQUEST_RESET, request(" ADA@patchhive.example")).await, answer);
        // The mail to nobody was not sent.
        let (page, token) = server.next_link().await;
        assert_eq!(page, "/reset-password");
        for (token, password) in [(token.as_str(), "short"), ("1.2.3", "a new password"), ("", "a new password")] {
            assert_eq!(app.visitor().is_refused(RESET, reset(token, password)).await, "BAD_USER_INPUT");
        }
        assert_eq!(app.visitor().is_refused(VERIFY, verify(&token)).await, "BAD_USER_INPUT");
        let session = app.visitor().gets(RESET, reset(&token, "a new password")).await;
        assert_eq!(session["user"]["emailVerified"], true);
        app.bearer(session["token"].as_str().unwrap()).credits().await;
        assert_eq!(ada.is_refused("{ tier }", json!({})).await, "UNAUTHENTICATED");
        assert!(logs_in(&app, "ada's password").await.is_none());
        assert!(logs_in(&app, "a new password").await.is_some());
        assert_eq!(app.visitor().is_refused(RESET, reset(&token, "another password")).await, "BAD_USER_INPUT");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_is_verified_by_a_link() {
    with_mail(async |app, mut server| {
        let ada = app.signs_up("ada").await;
        let verified = async || ada.gets("{ viewer { emailVerified } }", json!({})).await["emailVerified"].clone();
        assert_eq!(verified().await, false);
        assert_eq!(app.visitor().is_refused(REQUEST_VERIFICATION, json!({})).await, "UNAUTHENTICATED");
        let mailed = ada.gets(REQUEST_VERIFICATION, json!({})).await;
        assert_eq!(mailed, json!({ "email": "ada@patchhive.example" }));
        let (page, token) = server.next_link().await;
        assert_eq!(page, "/verify-email");
        assert_eq!(app.visitor().is_refused(RESET, reset(&token, "a new password")).await, "BAD_USER_INPUT");
        for _ in 0..2 {
            assert_eq!(app.visitor().gets(VERIFY, verify(&token)).await["emailVerified"], true);
        }
        assert_eq!(verified().await, true);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_the_mutations_return_mail_disabled() {
    run_with(
        Backend::Sqlite,
        |config: &mut Config| config.mail = Mail::Disabled,
        async |app| {
            let ada = app.signs_up("ada").await;
            assert_eq!(
                app.visitor().is_refused(REQUEST_RESET, request("ada@patchhive.example")).await,
                "MAIL_DISABLED"
            );
            assert_eq!(ada.is_refused(REQUEST_VERIFICATION, json!({})).await, "MAIL_DISABLED");
        },
    )
    .await;
}
