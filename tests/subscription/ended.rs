//! An ended plan can still be seen, by its owner only.

use serde_json::{Value, json};

use super::stripe_ends_it;
use crate::harness::{TestApp, actor::Actor, facts};

const ENDED: &str = "{ endedSubscription { tier status } }";

async fn ended(actor: &Actor) -> Value {
    actor.gets(ENDED, json!({})).await
}

facts! {
    async fn an_ended_plan_is_shown_until_there_is_another(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        assert_eq!(ended(&ada).await, Value::Null);
        ada.subscribes("PRO").await;
        assert_eq!(ended(&ada).await, Value::Null, "a subscription that is current has not ended");
        stripe_ends_it(&app).await;
        assert_eq!(ended(&ada).await, json!({ "tier": "PRO", "status": "CANCELED" }));
        assert_eq!(ended(&bob).await, Value::Null, "another user's");
        ada.subscribes("CORE").await;
        assert_eq!(ended(&ada).await, Value::Null);
        stripe_ends_it(&app).await;
        assert_eq!(ended(&ada).await["tier"], "CORE", "the most recent one");
        assert_eq!(app.visitor().is_refused(ENDED, json!({})).await, "UNAUTHENTICATED");
    }
}
