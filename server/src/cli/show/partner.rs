//! Partners, and what came of what they say.

use std::fs;
use std::io::Write;
use std::path::Path;

use backstock_proto::v1;
use backstock_proto::v1::report_request::Content;
use serde::Serialize;

use super::{View, lines, or_dash, print, table};
use crate::cli::partner::{DefinePartnerArgs, PartnerMessageArgs, PartnerOfArgs, SendPartnerArgs};
use crate::cli::{CommandError, Exit};
use crate::client::{Client, words};
use crate::partner::FILE_BYTES_MAX;

/// How a file in X12 begins.
const X12: &[u8] = b"ISA";

/// What a message came to.
#[derive(Debug, Serialize)]
struct AnswerView {
    message_id: String,
    status: String,
    expected_seq: u64,
    reason: String,
    candidates: Vec<String>,
    faults: Vec<String>,
}

/// What messages came to.
#[derive(Debug, Serialize)]
struct AnswersView {
    answers: Vec<AnswerView>,
}

/// A partner as it stands.
#[derive(Debug, Serialize)]
struct PartnerView {
    partner_id: String,
    node_ids: Vec<String>,
    expected_seq: u64,
    gaps: Vec<GapView>,
    given_up_count: u64,
    quarantined: Vec<QuarantinedView>,
    version: u64,
}

#[derive(Debug, Serialize)]
struct GapView {
    from_seq: u64,
    to_seq: u64,
    since: Option<String>,
    overdue: bool,
}

#[derive(Debug, Serialize)]
struct QuarantinedView {
    message_id: String,
    seq: u64,
    r#type: String,
    revision: u32,
    node_id: String,
    reason: String,
    candidates: Vec<String>,
    create_time: Option<String>,
}

/// That something was done about a partner.
#[derive(Debug, Serialize)]
pub(super) struct DoneView {
    pub(super) partner_id: String,
    pub(super) what: &'static str,
    pub(super) version: u64,
}

impl From<v1::MessageAnswer> for AnswerView {
    fn from(of: v1::MessageAnswer) -> Self {
        Self {
            status: words::word(of.status().as_str_name(), "MESSAGE_STATUS_"),
            message_id: of.message_id,
            expected_seq: of.expected_seq,
            reason: of.reason,
            candidates: of.candidates,
            faults: of.faults,
        }
    }
}

/// Defines a partner.
pub(in crate::cli) async fn define(
    args: DefinePartnerArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.of.server.connect().await?;
    let partner_id = args.of.partner;
    let (node_ids, request_id) = (args.nodes, String::new());
    let request = v1::DefinePartnerRequest { partner_id: partner_id.clone(), node_ids, request_id };
    let version = client.partners().define_partner(request).await?.into_inner().version;
    print(out, args.of.output, &DoneView { partner_id, what: "is defined", version })?;
    Ok(Exit::Success)
}

/// Sends a file.
pub(in crate::cli) async fn send(
    args: SendPartnerArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.of.server.connect().await?;
    let file = read(&args.file)?;
    let mut answers = Vec::new();
    let mut files: Vec<u8> = Vec::new();
    for content in contents(&file) {
        let partner_id = args.of.partner.clone();
        let request = v1::ReportRequest { partner_id, content: Some(content) };
        let response = client.partners().report(request).await?.into_inner();
        answers.extend(response.answers.into_iter().map(AnswerView::from));
        response.acknowledgements.iter().for_each(|answer| files.extend_from_slice(answer));
    }
    if let Some(path) = &args.answers {
        fs::write(path, files).map_err(CommandError::Output)?;
    }
    let is_bad = |answer: &AnswerView| ["rejected", "quarantined"].contains(&&*answer.status);
    let has_bad = answers.iter().any(is_bad);
    print(out, args.of.output, &AnswersView { answers })?;
    Ok(if has_bad { Exit::CheckFailed } else { Exit::Success })
}

/// A file that is not too long for one.
fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(CommandError::Input)?;
    let limit = FILE_BYTES_MAX as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(CommandError::Input)?;
    if bytes.len() > FILE_BYTES_MAX {
        let text = format!("the file has more than {FILE_BYTES_MAX} bytes");
        return Err(CommandError::Input(std::io::Error::other(text)));
    }
    Ok(bytes)
}

/// What is sent of a file: X12 whole, and JSON object by object.
fn contents(file: &[u8]) -> Vec<Content> {
    let start = file.trim_ascii_start();
    if start.starts_with(X12) {
        return vec![Content::X12(file.to_vec().into())];
    }
    // A file may be one message that is written over several lines.
    if serde_json::from_slice::<serde::de::IgnoredAny>(file).is_ok() {
        return vec![Content::Json(file.to_vec().into())];
    }
    let lines = file.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(|line| Content::Json(line.to_vec().into())).collect()
}

/// Shows a partner.
pub(in crate::cli) async fn show(
    args: PartnerOfArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let request = v1::GetPartnerRequest { partner_id: args.partner.clone() };
    let read = client.partners().get_partner(request).await?.into_inner();
    print(out, args.output, &partner_view(args.partner, read))?;
    Ok(Exit::Success)
}

fn partner_view(partner_id: String, read: v1::GetPartnerResponse) -> PartnerView {
    let gap = |of: v1::MessageGap| GapView {
        from_seq: of.from_seq,
        to_seq: of.to_seq,
        since: words::time(of.since.as_ref()),
        overdue: of.overdue,
    };
    let quarantined = |of: v1::QuarantinedMessage| QuarantinedView {
        create_time: words::time(of.create_time.as_ref()),
        message_id: of.message_id,
        seq: of.seq,
        r#type: of.r#type,
        revision: of.revision,
        node_id: of.node_id,
        reason: of.reason,
        candidates: of.candidates,
    };
    PartnerView {
        partner_id,
        node_ids: read.node_ids,
        expected_seq: read.expected_seq,
        gaps: read.gaps.into_iter().map(gap).collect(),
        given_up_count: read.given_up_count,
        quarantined: read.quarantined.into_iter().map(quarantined).collect(),
        version: read.version,
    }
}

/// Plays a message in quarantine again.
pub(in crate::cli) async fn replay(
    args: PartnerMessageArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client: Client = args.of.server.connect().await?;
    let (partner_id, message_id) = (args.of.partner, args.message);
    let request = v1::ReplayMessageRequest { partner_id, message_id };
    let played = client.partners().replay_message(request).await?.into_inner();
    let answer = AnswerView::from(played.answer.unwrap_or_default());
    let is_bad = answer.status == "quarantined";
    print(out, args.of.output, &AnswersView { answers: vec![answer] })?;
    Ok(if is_bad { Exit::CheckFailed } else { Exit::Success })
}

/// Lets go of a message in quarantine.
pub(in crate::cli) async fn discard(
    args: PartnerMessageArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.of.server.connect().await?;
    let (partner_id, message_id) = (args.of.partner, args.message);
    let request_id = String::new();
    let request =
        v1::DiscardMessageRequest { partner_id: partner_id.clone(), message_id, request_id };
    let version = client.partners().discard_message(request).await?.into_inner().version;
    let what = "has let go of the message";
    print(out, args.of.output, &DoneView { partner_id, what, version })?;
    Ok(Exit::Success)
}

impl View for AnswersView {
    fn text(&self) -> String {
        let mut table = table(&["message", "status", "expected", "why"], &[2]);
        for of in &self.answers {
            let meant = format!("meant {}?", of.candidates.join(", "));
            let meant = (!of.candidates.is_empty()).then_some(meant);
            let why = [Some(of.reason.clone()).filter(|why| !why.is_empty()), meant];
            let why = why.into_iter().flatten().chain(of.faults.iter().cloned());
            table.add_row([
                or_dash(Some(&of.message_id).filter(|id| !id.is_empty())),
                of.status.clone(),
                of.expected_seq.to_string(),
                why.collect::<Vec<_>>().join("; "),
            ]);
        }
        table.to_string()
    }
}

impl View for PartnerView {
    fn text(&self) -> String {
        let Self { partner_id, node_ids, expected_seq, .. } = self;
        let nodes = node_ids.join(", ");
        let gaps = self.gaps.iter().map(|gap| {
            let overdue = if gap.overdue { ", overdue" } else { "" };
            let since = or_dash(gap.since.as_ref());
            Some(format!("missing: {} to {} since {since}{overdue}", gap.from_seq, gap.to_seq))
        });
        let mut table = table(&["in quarantine", "type", "revision", "node", "why", "meant"], &[2]);
        for of in &self.quarantined {
            table.add_row([
                of.message_id.clone(),
                of.r#type.clone(),
                of.revision.to_string(),
                of.node_id.clone(),
                of.reason.clone(),
                of.candidates.join(", "),
            ]);
        }
        let head = format!("partner {partner_id} at {nodes}, next message {expected_seq}");
        let quarantined = Some(table.to_string()).filter(|_| !self.quarantined.is_empty());
        lines([Some(head)].into_iter().chain(gaps).chain([quarantined]))
    }
}

impl View for DoneView {
    fn text(&self) -> String {
        format!("partner {} {}", self.partner_id, self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_x12_or_one_message_or_one_a_line() {
        let count = |file: &str| contents(file.as_bytes()).len();
        assert!(matches!(contents(b"\nISA*00").as_slice(), [Content::X12(_)]));
        assert_eq!(count("{\n \"seq\": 1\n}\n"), 1);
        assert_eq!(count("{\"seq\":1}\n\n{\"seq\":2}\n"), 2);
        assert_eq!(count("{\"seq\":1}\nnot\n"), 2, "what is none is told by the server");
        assert_eq!(count(""), 0);
    }
}
