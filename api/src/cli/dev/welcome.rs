//! The banner that `dev` prints.

use std::net::SocketAddr;

use crate::config::DEMO;

/// Returns the banner: addresses, the demo user, the desk for support, tokens of the demo user and of the admin, and three commands to paste.
pub(super) fn text([gateway, sandbox]: [SocketAddr; 2], [token, admin]: [&str; 2], pages: bool) -> String {
    let (email, password) = (DEMO.email, DEMO.password);
    let (operator, operator_password) = (DEMO.operator, DEMO.operator_password);
    let back = format!(r#"successUrl: \"http://{gateway}/\", cancelUrl: \"http://{gateway}/\""#);
    let desk = format!("http://{gateway}/admin");
    let (pages, graphiql) = if pages {
        (format!("http://{gateway}/"), format!("http://{gateway}/graphiql   start here"))
    } else {
        let build = "npm --prefix web ci && npm --prefix web run build";
        (format!("not built: run {build}, then open http://{gateway}/"), "not built, see Pages".to_owned())
    };
    let balance = call(gateway, token, "{ tier balance { credits unlimited exportsLeft } }");
    let checkout = call(
        gateway,
        token,
        &format!(
            "mutation {{ createCheckout(input: {{ tier: CORE, {back} }}) {{ ... on Checkout {{ url }} \
             ... on AlreadySubscribed {{ message }} }} }}"
        ),
    );
    let export = call(
        gateway,
        token,
        r#"mutation { chargeExport(input: { runId: \"run-1\", idempotencyKey: \"first-export\" }) { ... on ExportCharge { credits replayed balance { credits } } ... on InsufficientCredits { message shortfall } } }"#,
    );
    format!(
        "\
Patch-Hive is running with a sandbox in place of Stripe.

  Pages      {pages}
  GraphiQL   {graphiql}
  Gateway    http://{gateway}/graphql
  Sandbox    http://{sandbox}   dashboard: renew, decline, refund, dispute, advance the clock
  Demo user  {email}, password {password}
  Desk       {desk}   for support: {operator}, password {operator_password}
  Token      {token}
  Admin      {admin}

Three things to try:

1. Read the demo user's balance.

{balance}

2. Subscribe to CORE: open the returned url and pay with card 4242 4242 4242 4242. Then repeat step 1.

{checkout}

3. Charge an export. Repeating the command charges nothing: it is the same export.

{export}

Ctrl-C stops. The next start continues with this data; with --fresh it starts empty.
"
    )
}

fn call(gateway: SocketAddr, token: &str, query: &str) -> String {
    format!(
        "curl -s http://{gateway}/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer {token}' \
         -d '{{\"query\": \"{query}\"}}'; echo"
    )
}
