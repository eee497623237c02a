//! `audit` of a live server.

use std::io::Write;

use backstock_engine::engine::AuditReport;
use backstock_proto::v1;
use serde::Serialize;

use super::{View, lines, print, table};
use crate::cli::{CommandError, Exit, OutputArgs, ServerAddr};
use crate::client::Client;

/// What an audit found.
#[derive(Debug, Serialize)]
pub(crate) struct AuditView {
    pairs_checked: u64,
    orders_checked: u64,
    /// Of these, closed orders that left memory and were read from a snapshot.
    archived_orders_checked: u64,
    breach_count: u64,
    breaches: Vec<BreachView>,
    version: u64,
    /// Of a data directory; a live server tells it with its status.
    #[serde(skip_serializing_if = "Option::is_none")]
    state_hash: Option<String>,
}

#[derive(Debug, Serialize)]
struct BreachView {
    invariant: String,
    detail: String,
}

/// Audits a server; [`Exit::CheckFailed`] on a breach.
pub(in crate::cli) async fn audit(
    server: &ServerAddr,
    output: OutputArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = Client::connect(server).await?;
    let answer = client.admin().run_audit(v1::RunAuditRequest {}).await?.into_inner();
    let view = AuditView::from(answer);
    print(out, output, &view)?;
    Ok(view.exit())
}

impl AuditView {
    pub(crate) fn exit(&self) -> Exit {
        if self.breach_count == 0 { Exit::Success } else { Exit::CheckFailed }
    }
}

impl From<v1::RunAuditResponse> for AuditView {
    fn from(answer: v1::RunAuditResponse) -> Self {
        let breach = |breach: v1::AuditBreach| BreachView {
            invariant: breach.invariant,
            detail: breach.detail,
        };
        Self {
            pairs_checked: answer.pairs_checked,
            orders_checked: answer.orders_checked,
            archived_orders_checked: answer.archived_orders_checked,
            breach_count: answer.breach_count,
            breaches: answer.breaches.into_iter().map(breach).collect(),
            version: answer.version,
            state_hash: None,
        }
    }
}

impl From<&AuditReport> for AuditView {
    fn from(report: &AuditReport) -> Self {
        let breaches = report.breaches.iter().map(|breach| BreachView {
            invariant: breach.name.to_owned(),
            detail: breach.detail.clone(),
        });
        Self {
            pairs_checked: report.pairs,
            orders_checked: report.orders,
            archived_orders_checked: report.archived,
            breach_count: report.breach_count,
            breaches: breaches.collect(),
            version: report.lsn.get(),
            state_hash: Some(report.state_hash.to_string()),
        }
    }
}

impl View for AuditView {
    fn text(&self) -> String {
        let found = match self.breach_count {
            0 => "every invariant holds".to_owned(),
            count => format!("{count} BREACHES"),
        };
        let summary = format!(
            "{found}: {} pairs and {} orders checked at version {}",
            self.pairs_checked, self.orders_checked, self.version
        );
        let hash = self.state_hash.as_ref().map(|hash| format!("state hash {hash}"));
        let mut breaches = table(&["invariant", "breach"], &[]);
        breaches.add_rows(self.breaches.iter().map(|b| [b.invariant.clone(), b.detail.clone()]));
        lines([Some(summary), hash, (!self.breaches.is_empty()).then(|| breaches.to_string())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breach_fails_the_command_and_is_shown() {
        let breach = v1::AuditBreach {
            invariant: "CONSERVATION".into(),
            detail: "SCARF at RENO: 3 allocated, 2 reserved".into(),
        };
        let answer = v1::RunAuditResponse {
            breach_count: 1,
            breaches: vec![breach],
            ..v1::RunAuditResponse::default()
        };
        let view = AuditView::from(answer);
        assert_eq!(view.exit(), Exit::CheckFailed);
        assert!(view.text().contains("SCARF at RENO: 3 allocated, 2 reserved"), "{}", view.text());
    }

    #[test]
    fn a_clean_audit_succeeds() {
        let view = AuditView::from(v1::RunAuditResponse { pairs_checked: 7, ..Default::default() });
        assert_eq!(view.exit(), Exit::Success);
        assert!(view.text().starts_with("every invariant holds: 7 pairs"), "{}", view.text());
    }
}
