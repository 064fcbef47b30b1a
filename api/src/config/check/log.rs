//! The settings of logs and traces.

use crate::config::{Log, LogVariables, Problems};

impl LogVariables {
    /// Checks the settings of logs and traces, and adds their problems.
    pub fn take(self, problems: &mut Problems) -> Log {
        Log {
            filter: self.log.take(problems).0,
            format: self.log_format.take(problems),
            endpoint: self.otel_exporter_otlp_endpoint.take_if(problems, |endpoint| match endpoint {
                // The exporter is built without TLS, and would fail silently later.
                Some(endpoint) if !endpoint.starts_with("http://") => Err(format!(
                    "must be an http:// URL of a collector, such as http://127.0.0.1:4318, not {endpoint:?}"
                )),
                _ => Ok(()),
            }),
        }
    }
}
