//! Internal errors are masked, and can be found in the log by their request id.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::on_the_wire;

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_ours_is_masked_and_named_by_the_id_of_its_request() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let database = app.inside().await.database.clone();
        let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
        database.write().execute_unprepared(&rename("stripe_payments", "gone")).await.unwrap();
        let query = json!({ "query": "{ payments { nodes { id } } }" });
        let request = app.http().post(app.url("/graphql")).bearer_auth(ada.token()).json(&query);
        let response = request.send().await.unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let answer: Value = response.json().await.unwrap();
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"], json!({ "code": "INTERNAL", "requestId": id }));
        assert!(!answer.to_string().contains("stripe_payments"), "{answer}");
        database.write().execute_unprepared(&rename("gone", "stripe_payments")).await.unwrap();
    })
    .await;
}
