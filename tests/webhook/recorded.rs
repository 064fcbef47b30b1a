//! Payloads that Stripe has really sent are answered with 200 and stored, if some are installed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    known_user,
    payloads::{Version, event as envelope, fresh},
    stored,
};
use crate::harness::{TestApp, facts};

/// Names the folder of the payloads.
const FOLDER: &str = "PATCH_HIVE_FIXTURES";

/// Parts of names of files that hold objects to copy from, and no event.
const TEMPLATES: [&str; 3] = [".derived.", ".subset.", "response."];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".json") && !TEMPLATES.iter().any(|part| name.contains(part))
    });
    files.extend(folders.iter().flat_map(|folder| self::files(folder)));
    files.sort();
    files
}

/// Reads a file as an event; its name is the type if the file holds only the data.
fn event(file: &Path) -> Value {
    let value: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    if value["object"] == "event" {
        return value;
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy().replace(".data.json", "");
    let mut event = envelope(Version::March2020, &name, 1_745_433_962, value["object"].clone());
    event["data"] = value;
    event
}

facts! {
    async fn every_recorded_payload_is_answered_200_and_stored(app: TestApp) {
        let Some(folder) = std::env::var_os(FOLDER) else { return };
        let files = files(Path::new(&folder));
        assert!(!files.is_empty(), "{FOLDER} names a folder without payloads");
        let (_, customer) = known_user(&app, "ada").await;
        for file in files {
            let recorded = event(&file);
            // Once as it is, and once as if it were about a customer of ours.
            let mut ours = recorded.clone();
            ours["id"] = format!("evt_test_{}", fresh()).into();
            ours["data"]["object"]["customer"] = customer.as_str().into();
            for event in [recorded, ours] {
                let (status, answer) = app.receives(&event).await;
                assert_eq!(status, 200, "{}: {answer}", file.display());
                let stored = stored(&app, &event).await;
                assert!(stored.is_some(), "{}", file.display());
                eprintln!("{}: {:?}", file.display(), stored.map(|stored| (stored.status, stored.error)));
            }
        }
    }
}
