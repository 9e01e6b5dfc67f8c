//! Files that are broken, hostile, or no text: each costs its own job, says why, and leaves nothing half done.

mod encodings;

use crate::kit::{
    ADMIN1, Kit, U1,
    files::{docx, objects, package, paragraph, pdf, pdf_of, xlsx, zeros},
};
use serde_json::{Value, json};

/// What becomes of a file.
async fn read(kit: &Kit, name: &str, content: &[u8]) -> Value {
    let token = kit.token(ADMIN1).await;
    let sent = kit
        .send_file(&token, ("POST", "/documents"), (name, content), &[])
        .await;
    assert_eq!(sent.status, 202, "{name}: {}", sent.text);
    kit.work().await;
    let path = format!("/documents/{}", sent.id("id"));
    kit.get(&token, &path).await.json
}

/// Asserts that a file is refused with this code, and nothing of it is found.
async fn refused(kit: &Kit, name: &str, content: &[u8], code: &str) {
    let told = read(kit, name, content).await;
    assert_eq!(
        (&told["status"], &told["chunks"]),
        (&json!("failed"), &json!(0)),
        "{name}: {told}"
    );
    let why = told["error"].as_str().unwrap();
    assert!(
        why.starts_with(&format!("{code}: ")) && why.ends_with('.'),
        "{name}: {why}"
    );
}

/// The text of what can be read.
async fn text(kit: &Kit, name: &str, content: &[u8]) -> String {
    let told = read(kit, name, content).await;
    assert_eq!(told["status"], "ready", "{name}: {told}");
    let token = kit.token(ADMIN1).await;
    let path = format!("/documents/{}/text", told["id"].as_str().unwrap());
    kit.get(&token, &path).await.text
}

const PROSE: &[&str] =
    &["A page with enough of a text on it to be taken for one, and nothing else."];

#[tokio::test]
async fn bad_pdfs_are_refused() {
    let kit = Kit::new().await;
    let good = pdf(&[PROSE, PROSE], &[]);
    refused(&kit, "half.pdf", &good[..good.len() / 2], "file_damaged").await;
    refused(&kit, "start.pdf", b"%PDF-1.7\n", "file_damaged").await;
    refused(
        &kit,
        "scanned.pdf",
        &pdf(&[&[""], &["1"]], &[]),
        "file_scanned",
    )
    .await;
    let objects = |kids: &str, count: usize| {
        vec![
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            format!("<< /Type /Pages /Count {count} /Kids [{kids}] >>").into_bytes(),
        ]
    };
    refused(
        &kit,
        "of itself.pdf",
        &pdf_of(&objects("2 0 R", 1), ""),
        "file_damaged",
    )
    .await;
    let mut locked = pdf(&[PROSE], &[]);
    let lock = format!(
        "/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{}> /U <{}> >>",
        "11".repeat(32),
        "22".repeat(32)
    );
    let end = String::from_utf8(locked.clone())
        .unwrap()
        .replace("/Root 1 0 R", &format!("/Root 1 0 R {lock}"));
    locked = end.into_bytes();
    refused(&kit, "locked.pdf", &locked, "file_encrypted").await;
    let many = "3 0 R ".repeat(1_000_000);
    let mut million = objects(&many, 1_000_000);
    million.push(b"<< /Type /Page /Parent 2 0 R >>".to_vec());
    let told = read(&kit, "million.pdf", &pdf_of(&million, "")).await;
    assert_eq!(told["status"], "failed", "{told}");
    let deep = format!("<< /A {}{} >>", "[".repeat(200_000), "]".repeat(200_000));
    let mut nested = objects("3 0 R", 1);
    nested.push(deep.into_bytes());
    let told = read(&kit, "deep.pdf", &pdf_of(&nested, "")).await;
    assert_eq!(told["status"], "failed", "{told}");
}

#[tokio::test]
async fn a_pdf_that_inflates_without_end_is_ended_and_nothing_else_is() {
    let kit = Kit::new().await;
    let stream = zeros(700);
    assert!(stream.len() < 1 << 20);
    let mut bomb = format!(
        "<< /Length {} /Filter /FlateDecode >>\nstream\n",
        stream.len()
    )
    .into_bytes();
    bomb.extend_from_slice(&stream);
    bomb.extend_from_slice(b"\nendstream");
    let objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << >> >>"
            .to_vec(),
        bomb,
    ];
    let token = kit.token(ADMIN1).await;
    let bomb = pdf_of(&objects, "");
    let sent = kit
        .send_file(&token, ("POST", "/documents"), ("bomb.pdf", &bomb), &[])
        .await;
    let good = kit
        .post(
            &token,
            "/documents",
            json!({ "title": "Refunds", "text": "A refund takes 5 days." }),
        )
        .await;
    assert_eq!(good.json["status"], "ready");
    kit.work().await;
    let told = kit
        .get(&token, &format!("/documents/{}", sent.id("id")))
        .await
        .json;
    assert_eq!(told["status"], "failed", "{told}");
    let user = kit.token(U1).await;
    let found = kit
        .post(&user, "/documents/search", json!({ "query": "refund" }))
        .await;
    assert_eq!(found.json["items"].as_array().unwrap().len(), 1);
}

/// The sizes of the parts, in the archive's own words.
fn claiming(archive: &[u8], size: u32) -> Vec<u8> {
    let mut lie = archive.to_vec();
    for (mark, at) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        let starts = archive
            .windows(4)
            .enumerate()
            .filter(|(_, four)| four == mark);
        for (start, _) in starts {
            lie[start + at..start + at + 4].copy_from_slice(&size.to_le_bytes());
        }
    }
    lie
}

#[tokio::test]
async fn packages_that_are_not_what_they_say_are_refused() {
    let kit = Kit::new().await;
    let large = vec![b' '; 300 << 20];
    let bomb = package(&[("word/document.xml", &large)]);
    assert!(bomb.len() < 2 << 20);
    refused(&kit, "bomb.docx", &bomb, "file_limits").await;
    refused(&kit, "liar.docx", &claiming(&bomb, 1000), "file_damaged").await;
    let good = docx(&paragraph("Standard", "Text."));
    refused(&kit, "half.docx", &good[..good.len() / 2], "file_damaged").await;
    refused(&kit, "empty.docx", &docx(""), "file_empty").await;
    refused(
        &kit,
        "no xml.docx",
        &docx("<w:p>&<</w:p></w:q>"),
        "file_damaged",
    )
    .await;
    refused(
        &kit,
        "archive.zip",
        &package(&[("a.txt", b"Text.")]),
        "file_unknown",
    )
    .await;
    let many: Vec<String> = (0..2001).map(|n| format!("p{n}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (&**name, &b""[..])).collect();
    refused(&kit, "many.docx", &package(&many), "file_too_large").await;
    // Entities that a document declares are not known, so that none grows.
    let laughs = r#"<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><w:d xmlns:w="w"><w:p><w:t>Ha &b; ha.</w:t></w:p></w:d>"#;
    let laughing = package(&[("word/document.xml", laughs.as_bytes())]);
    assert_eq!(text(&kit, "laughs.docx", &laughing).await, "Ha  ha.");
}

#[tokio::test]
async fn a_sheet_of_too_many_cells_is_refused() {
    let kit = Kit::new().await;
    let row = format!("<row>{}</row>", "<c><v>1</v></c>".repeat(1000));
    refused(
        &kit,
        "large.xlsx",
        &xlsx("S", &row.repeat(1001)),
        "file_too_large",
    )
    .await;
    let row = "1,".repeat(999) + "1\n";
    refused(
        &kit,
        "large.csv",
        row.repeat(1001).as_bytes(),
        "file_too_large",
    )
    .await;
}

#[tokio::test]
async fn what_is_no_text_is_refused() {
    let kit = Kit::new().await;
    refused(&kit, "picture.pdf", b"\x89PNG\r\n\x1a\n", "file_unknown").await;
    refused(
        &kit,
        "old.doc",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "file_unknown",
    )
    .await;
    refused(&kit, "text.pdf", b"This is no PDF.", "file_misnamed").await;
    refused(&kit, "blank.txt", b" \n\t\n", "file_empty").await;
    refused(
        &kit,
        "blank.html",
        b"<html><script>text</script></html>",
        "file_empty",
    )
    .await;
    let noise: Vec<u8> = (0..4096_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    refused(&kit, "noise.txt", &noise, "file_unknown").await;
}

#[tokio::test]
async fn a_page_of_tags_alone_is_no_deeper_than_another() {
    let kit = Kit::new().await;
    let deep = format!(
        "{}Deep.{}",
        "<div><ul><li>".repeat(100_000),
        "</li></ul></div>".repeat(100_000)
    );
    assert!(
        text(&kit, "deep.html", deep.as_bytes())
            .await
            .contains("Deep.")
    );
    let quoted = format!("{}Quoted.", "> ".repeat(20_000));
    assert!(
        text(&kit, "deep.md", quoted.as_bytes())
            .await
            .contains("Quoted.")
    );
}

#[tokio::test]
async fn a_text_without_a_word_costs_no_more() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let text = json!({ "title": "A", "text": "a".repeat(4 << 20) });
    let sent = kit.post(&token, "/documents", text).await;
    assert_eq!(sent.status, 202);
    kit.work().await;
    let told = kit
        .get(&token, &format!("/documents/{}", sent.id("id")))
        .await
        .json;
    assert_eq!(told["status"], "ready");
    assert_eq!(told["chunks"], 3496);
}
