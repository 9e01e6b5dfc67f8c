//! Tables as CSV files (RFC 4180) that a spreadsheet opens without running anything.

use axum::http::{HeaderMap, HeaderName, header};
use csv::{Terminator, WriterBuilder};
use serde::Deserialize;
use utoipa::ToSchema;

/// How rows are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Json,
    Csv,
}

/// Whether a file is asked for: by the parameter, or else by what the client accepts.
pub(crate) fn is_csv(format: Option<Format>, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    let accepts = |a: &str| a.split(',').any(|m| m.trim().starts_with("text/csv"));
    match format {
        Some(format) => format == Format::Csv,
        None => accept.is_some_and(accepts),
    }
}

/// The headers of the file `<name>.csv`.
pub(crate) fn headers(name: &str) -> [(HeaderName, String); 2] {
    [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present".to_owned(),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!(r#"attachment; filename="{name}.csv""#),
        ),
    ]
}

/// Rows of one length, as text.
pub(crate) fn text<R: IntoIterator<Item = String>>(rows: impl IntoIterator<Item = R>) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        let written = writer.write_record(row.into_iter().map(inert));
        written.expect("a Vec takes rows of one length");
    }
    writer.into_inner().expect("a Vec takes everything")
}

/// Spreadsheets run what begins like a formula (OWASP, CSV injection); an apostrophe before it makes it text.
fn inert(cell: String) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        for (cell, written) in [
            ("plain", "plain"),
            ("a, b", "\"a, b\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("a\r\nb", "\"a\r\nb\""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@sum", "'@sum"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("1=1", "1=1"),
        ] {
            let row = [cell, "", ""].map(str::to_owned);
            let text = String::from_utf8(text([row])).unwrap();
            assert_eq!(text, format!("{written},,\r\n"));
        }
    }
}
