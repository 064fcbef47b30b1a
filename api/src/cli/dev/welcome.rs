//! What `dev` says to the person who started it.

use std::net::SocketAddr;

use crate::config::DEMO;

/// Addresses, the demo user with a token and one of an admin, and three things to try that work when pasted.
pub(super) fn text([gateway, sandbox]: [SocketAddr; 2], [token, admin]: [&str; 2], pages: bool) -> String {
    let (email, password) = (DEMO.email, DEMO.password);
    let back = format!(r#"successUrl: \"http://{gateway}/\", cancelUrl: \"http://{gateway}/\""#);
    let pages = if pages {
        format!("http://{gateway}/")
    } else {
        "not built: npm --prefix web ci && npm --prefix web run build, then load http://{gateway}/ again"
            .replace("{gateway}", &gateway.to_string())
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
Patch-Hive is running, with a Stripe of its own.

  Pages      {pages}
  GraphiQL   http://{gateway}/graphiql   the place to start
  Gateway    http://{gateway}/graphql
  Sandbox    http://{sandbox}   its dashboard: renew, decline, refund, dispute, move the clock
  Demo user  {email}, password {password}
  Token      {token}
  Admin      {admin}

Three things to try:

1. See what the demo user has.

{balance}

2. Subscribe to CORE: open the url that comes back, and pay with 4242 4242 4242 4242. Then try 1 again.

{checkout}

3. Pay for an export. The same line again charges nothing: it is the same export.

{export}

Ctrl-C stops. The next start goes on from here; patch-hive dev --fresh begins anew.
"
    )
}

fn call(gateway: SocketAddr, token: &str, query: &str) -> String {
    format!(
        "curl -s http://{gateway}/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer {token}' \
         -d '{{\"query\": \"{query}\"}}'; echo"
    )
}
