//! SQLite files for the tests: migrated once, and copied for each test.

use std::path::Path;

use migration::up;
use sea_orm::Database;
use tokio::sync::OnceCell;

/// The bytes of a migrated database without rows.
static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();

/// Writes a migrated database into a folder, and returns its URL.
pub(crate) async fn database(folder: &Path) -> String {
    let file = folder.join("gateway.db");
    std::fs::write(&file, MIGRATED.get_or_init(migrate).await).unwrap();
    format!("sqlite:{}", file.display())
}

async fn migrate() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("template.db");
    let database = Database::connect(format!("sqlite:{}?mode=rwc", file.display())).await.unwrap();
    up(&database).await.unwrap();
    database.close().await.unwrap();
    std::fs::read(file).unwrap()
}
