//! Files: sent, read by a process of their own, found with page and heading, and had back.

use crate::document_jobs::make_due;
use crate::kit::{
    ADMIN1, ADMIN2, Answer, Kit, U1,
    files::{docx, paragraph, pdf, pptx, xlsx},
    request,
};
use axum::body::Body;
use serde_json::{Value, json};
use uuid::Uuid;

/// Sends a file and has it read; its document.
async fn add(kit: &Kit, name: &str, content: &[u8]) -> Value {
    let token = kit.token(ADMIN1).await;
    let sent = kit
        .send_file(&token, ("POST", "/documents"), (name, content), &[])
        .await;
    assert_eq!(
        (sent.status.as_u16(), &sent.json["status"]),
        (202, &json!("pending")),
        "{}",
        sent.text
    );
    kit.work().await;
    shown(kit, sent.id("id")).await
}

async fn shown(kit: &Kit, id: Uuid) -> Value {
    let token = kit.token(ADMIN1).await;
    kit.get(&token, &format!("/documents/{id}")).await.json
}

/// The passages of a document: page, headings, text.
async fn passages(kit: &Kit, document: &Value) -> Vec<(Value, Value, String)> {
    let token = kit.token(ADMIN1).await;
    let id = document["id"].as_str().unwrap();
    let listed = kit
        .get(&token, &format!("/documents/{id}/chunks?limit=100"))
        .await;
    let items = listed.json["items"].as_array().unwrap().clone();
    let items = items.into_iter();
    items
        .map(|item| {
            (
                item["page"].clone(),
                item["heading"].clone(),
                item["text"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

async fn search(kit: &Kit, query: &str) -> Value {
    let user = kit.token(U1).await;
    let found = kit
        .post(&user, "/documents/search", json!({ "query": query }))
        .await;
    assert_eq!(found.status, 200, "{}", found.text);
    found.json["items"].clone()
}

async fn original(kit: &Kit, document: &Value) -> Answer {
    let token = kit.token(ADMIN1).await;
    let id = document["id"].as_str().unwrap();
    kit.get(&token, &format!("/documents/{id}/file")).await
}

#[tokio::test]
async fn a_pdf_is_found_with_page_and_heading() {
    let kit = Kit::new().await;
    let pages: [&[&str]; 3] = [
        &[
            "Refunds",
            "A refund takes five working days, and is made to the card that was paid with.",
            "Whoever paid by invoice is paid back by transfer, to the account that is told us.",
            "Parts of an order are paid back when they arrive, and not before all that is left.",
            "What is broken is paid back at once, if a picture shows that it was when it came.",
        ],
        &["It is asked for in the customer area, by the person who made the order."],
        &[
            "Shipping",
            "Parcels leave on Mondays and are never late (or so they say).",
        ],
    ];
    let file = pdf(&pages, &[(1, "Refunds"), (3, "Shipping")]);
    let document = add(&kit, "Handbook.pdf", &file).await;
    assert_eq!(
        json!([
            document["status"],
            document["title"],
            document["pages"],
            document["media_type"],
            document["file_name"]
        ]),
        json!(["ready", "Handbook", 3, "application/pdf", "Handbook.pdf"]),
        "{document}"
    );
    let found = search(&kit, "When do parcels leave?").await;
    assert_eq!(
        (&found[0]["page"], &found[0]["heading"]),
        (&json!(3), &json!(["Shipping"])),
        "{found}"
    );
    let found = search(&kit, "Where is it asked for, in the customer area?").await;
    assert_eq!(
        (&found[0]["page"], &found[0]["heading"]),
        (&json!(2), &json!(["Refunds"])),
        "{found}"
    );
    // Answers cite it alike.
    let user = kit.token(U1).await;
    let asked = kit
        .post(
            &user,
            "/chat",
            json!({ "message": "When do parcels leave?" }),
        )
        .await;
    assert_eq!(asked.json["sources"][0]["page"], 3, "{}", asked.text);
    let back = original(&kit, &document).await;
    assert_eq!(back.header("content-type"), "application/pdf");
    assert_eq!(
        back.header("content-disposition"),
        "attachment; filename*=UTF-8''Handbook.pdf"
    );
    assert_eq!(back.text, String::from_utf8_lossy(&file));
}

#[tokio::test]
async fn a_docx_has_headings_lists_and_tables() {
    let kit = Kit::new().await;
    let row = |a: &str, b: &str| {
        format!(
            "<w:tr><w:tc><w:p><w:r><w:t>{a}</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>{b}</w:t></w:r></w:p></w:tc></w:tr>"
        )
    };
    let item =
        |text: &str| format!("<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>");
    let body = [
        paragraph("berschrift1", "Erstattung &amp; Umtausch"),
        paragraph("Standard", "Eine Erstattung dauert f&#252;nf Tage."),
        "<w:p><w:r><w:delText>Was gestrichen ist.</w:delText></w:r></w:p>".to_owned(),
        paragraph("berschrift2", "Fristen"),
        item("Vierzehn Tage"),
        item("Danach nicht mehr"),
        paragraph("berschrift1", "Preise"),
        format!(
            "<w:tbl>{}{}</w:tbl>",
            row("Land", "Preis"),
            row("Schweiz", "12 EUR")
        ),
    ];
    let document = add(&kit, "Regeln.docx", &docx(&body.concat())).await;
    assert_eq!(document["status"], "ready", "{document}");
    let expected = [
        (
            json!(null),
            json!(["Erstattung & Umtausch"]),
            "Erstattung & Umtausch\n\nEine Erstattung dauert fünf Tage.".to_owned(),
        ),
        (
            json!(null),
            json!(["Erstattung & Umtausch", "Fristen"]),
            "Fristen\n\n- Vierzehn Tage\n- Danach nicht mehr".to_owned(),
        ),
        (
            json!(null),
            json!(["Preise"]),
            "Preise\n\nLand | Preis\nSchweiz | 12 EUR".to_owned(),
        ),
    ];
    assert_eq!(passages(&kit, &document).await, expected);
}

#[tokio::test]
async fn slides_are_pages_in_the_order_in_which_they_are_shown() {
    let kit = Kit::new().await;
    let file = pptx(&[
        ("Welcome", "We are glad."),
        ("Numbers", "Sales went up by a tenth."),
    ]);
    let document = add(&kit, "Talk.pptx", &file).await;
    assert_eq!(
        (&document["status"], &document["pages"]),
        (&json!("ready"), &json!(2)),
        "{document}"
    );
    let expected = [
        (
            json!(1),
            json!(["Welcome"]),
            "Welcome\n\nWe are glad.\n\nSay hello first.".to_owned(),
        ),
        (
            json!(2),
            json!(["Numbers"]),
            "Numbers\n\nSales went up by a tenth.".to_owned(),
        ),
    ];
    assert_eq!(passages(&kit, &document).await, expected);
}

#[tokio::test]
async fn each_part_of_a_table_names_its_columns() {
    let kit = Kit::new().await;
    let row = |n: usize| {
        format!(
            r#"<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>Article {n}</t></is></c><c r="B{n}"><v>{n}.5</v></c></row>"#
        )
    };
    let head = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c><c r="B1" t="inlineStr"><is><t>Price</t></is></c></row>"#;
    let rows: String = (2..200).map(row).collect();
    let book = add(
        &kit,
        "Prices.xlsx",
        &xlsx("Spring", &format!("{head}{rows}")),
    )
    .await;
    let lines = (2..200).map(|n| format!("Article {n};{n},5\n"));
    let text = format!("Name;Price\n{}", lines.collect::<String>());
    let csv = add(&kit, "Prices.csv", text.as_bytes()).await;
    for (document, heading, last) in [
        (book, json!(["Spring"]), "Article 199 | 199.5"),
        (csv, json!([]), "Article 199 | 199,5"),
    ] {
        assert_eq!(document["status"], "ready", "{document}");
        let parts = passages(&kit, &document).await;
        assert!(parts.len() > 2, "{parts:?}");
        for (_, under, text) in &parts {
            assert_eq!(
                (under, text.starts_with("Name | Price\nArticle ")),
                (&heading, true),
                "{text}"
            );
            assert!(text.chars().count() <= 1200);
        }
        assert!(parts.last().unwrap().2.ends_with(last), "{parts:?}");
    }
}

#[tokio::test]
async fn markdown_and_html_are_read_as_they_are_meant() {
    let kit = Kit::new().await;
    let markdown = "Before.\n\n# One\n\nText *of* [one](https://one.example).\n\n- a\n- b\n  - c\n\n## Two\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n```sh\n# no heading\n```\n";
    let document = add(&kit, "Notes.md", markdown.as_bytes()).await;
    let expected = [
        (json!([]), "Before."),
        (json!(["One"]), "One\n\nText of one.\n\n- a\n- b\n  - c"),
        (json!(["One", "Two"]), "Two\n\nA | B\n1 | 2\n\n# no heading"),
    ];
    let told: Vec<_> = passages(&kit, &document)
        .await
        .into_iter()
        .map(|(_, under, text)| (under, text))
        .collect();
    assert_eq!(told, expected.map(|(under, text)| (under, text.to_owned())));

    let html = "<!doctype html><html><head><title>T</title><style>p{color:red}</style></head><body>
        <script>var canary = 1 < 2; document.write('<p>canary</p>')</script>
        <h1>One</h1><p>Text   of <b>one</b>&nbsp;&amp; more.<br>Line.</p><svg><text>canary</text></svg>
        <ul><li>a<li>b<ul><li>c</ul></ul><h2>Two</h2><table><tr><th>A<th>B</tr><tr><td>1</td><td>2</td></tr></table>
        <pre>x  =  1\n  y</pre><div onclick=canary>Last</div></body></html>";
    let document = add(&kit, "Page.html", html.as_bytes()).await;
    let told = passages(&kit, &document).await;
    let told: Vec<_> = told
        .into_iter()
        .map(|(_, under, text)| (under, text))
        .collect();
    assert_eq!(told[0].0, json!(["One"]));
    assert_eq!(
        told[0].1,
        "One\n\nText of one\u{a0}& more.\nLine.\n\n- a\n- b\n  - c"
    );
    assert_eq!(told[1].0, json!(["One", "Two"]));
    assert!(told[1].1.ends_with("x  =  1\n  y\n\nLast"), "{}", told[1].1);
    assert_eq!(told.len(), 2);
    assert!(!json!(told).to_string().contains("canary"), "{told:?}");
}

#[tokio::test]
async fn what_a_form_says_beside_its_file_is_kept() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let fields = [
        ("title", "Hours"),
        ("language", "de"),
        ("source_url", "https://one.example/hours"),
        ("metadata", r#"{"shop": 1}"#),
    ];
    let file = ("../öffnung.txt", &b"Offen von 8 bis 12."[..]);
    let sent = kit
        .send_file(&token, ("POST", "/documents"), file, &fields)
        .await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    kit.work().await;
    let told = shown(&kit, sent.id("id")).await;
    assert_eq!(
        json!([
            told["title"],
            told["language"],
            told["source_url"],
            told["metadata"],
            told["file_name"],
            told["version"]
        ]),
        json!(["Hours", "de", "https://one.example/hours", { "shop": 1 }, "öffnung.txt", 1])
    );
    let back = original(&kit, &told).await;
    assert_eq!(
        back.header("content-disposition"),
        "attachment; filename*=UTF-8''%C3%B6ffnung.txt"
    );
    for (fields, wrong) in [
        (vec![("title", "a"), ("title", "b")], "title"),
        (vec![("language", "German")], "language"),
        (vec![("metadata", "{")], "metadata"),
        (vec![("metadata", "[1]")], "metadata"),
        (vec![("source_url", "file:///etc/passwd")], "source_url"),
        (vec![("tenant_id", "x")], "tenant_id"),
    ] {
        let refused = kit
            .send_file(&token, ("POST", "/documents"), file, &fields)
            .await;
        assert_eq!(refused.fields(), [wrong], "{fields:?}");
    }
    let empty = kit
        .send_file(&token, ("POST", "/documents"), ("a.txt", b""), &[])
        .await;
    assert_eq!(empty.fields(), ["file"]);
}

#[tokio::test]
async fn the_same_file_is_there_once_and_a_repeat_is_answered_alike() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let send = async |key: &str, content: &[u8]| {
        let (media_type, body) = crate::kit::files::form("Hours.txt", content, &[]);
        let request = request(&token, "POST", "/documents").header("content-type", media_type);
        let request = match key {
            "" => request,
            key => request.header("idempotency-key", key),
        };
        kit.send(request, Body::from(body)).await
    };
    let first = send("k1", b"Open from 8 to 12.").await;
    let again = send("k1", b"Open from 8 to 12.").await;
    assert_eq!(
        (again.status, &again.json),
        (first.status, &first.json),
        "{}",
        again.text
    );
    assert_eq!(
        send("k1", b"Open from 9 to 12.").await.problem(422),
        "idempotency_key_reused"
    );
    kit.work().await;
    let same = send("", b"Open from 8 to 12.").await;
    assert_eq!((same.status.as_u16(), same.id("id")), (200, first.id("id")));
    // Of somebody else it is another.
    let theirs = kit.token(ADMIN2).await;
    let sent = kit
        .send_file(
            &theirs,
            ("POST", "/documents"),
            ("Hours.txt", b"Open from 8 to 12."),
            &[],
        )
        .await;
    assert_eq!(sent.status, 202, "{}", sent.text);
}

#[tokio::test]
async fn the_old_version_answers_until_the_new_file_was_read() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let id = kit
        .add_document(ADMIN1, "Refunds", "A refund takes 5 days.")
        .await;
    let path = format!("/documents/{id}");
    let put = async |name: &str, content: &[u8]| {
        kit.send_file(
            &token,
            ("PUT", &path),
            (name, content),
            &[("title", "Refunds")],
        )
        .await
    };
    let taken = put("Refunds.md", b"# Refunds\n\nA refund takes 7 days.").await;
    assert_eq!(
        (taken.status.as_u16(), &taken.json["version"]),
        (202, &json!(1)),
        "{}",
        taken.text
    );
    assert_eq!(
        search(&kit, "refund").await[0]["snippet"],
        "A refund takes 5 days."
    );
    kit.work().await;
    assert_eq!(
        search(&kit, "refund").await[0]["snippet"],
        "Refunds\n\nA refund takes 7 days."
    );
    let told = shown(&kit, id).await;
    assert_eq!(
        json!([told["version"], told["file_name"], told["status"]]),
        json!([2, "Refunds.md", "ready"])
    );
    // What cannot be read changes nothing, and says why.
    assert_eq!(put("Refunds.pdf", b"no PDF").await.status, 202);
    kit.work().await;
    let told = shown(&kit, id).await;
    assert_eq!(
        json!([told["version"], told["file_name"], told["status"]]),
        json!([2, "Refunds.md", "ready"])
    );
    let why = told["error"].as_str().unwrap();
    assert!(why.starts_with("file_misnamed: "), "{why}");
    assert_eq!(
        search(&kit, "refund").await[0]["snippet"],
        "Refunds\n\nA refund takes 7 days."
    );
    assert_eq!(
        original(&kit, &told).await.text,
        "# Refunds\n\nA refund takes 7 days."
    );
    // A text in its place leaves no file behind, read or not.
    let text = json!({ "title": "Refunds", "text": "A refund takes 9 days." });
    assert_eq!(kit.put(&token, &path, text).await.status, 200);
    assert_eq!(original(&kit, &told).await.problem(404), "not_found");
    make_due(&kit).await;
    kit.work().await;
    let told = shown(&kit, id).await;
    assert_eq!(
        json!([told["version"], told["file_name"], told["error"]]),
        json!([3, null, null])
    );
}

#[tokio::test]
async fn a_long_text_is_read_by_a_job() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let sentence = |n| format!("Sentence {n} tells of parcels and of nothing else.\r\n\r\n");
    let text = (0..30_000).map(sentence).collect::<String>() + "A refund takes 5 days.";
    let sent = kit
        .post(
            &token,
            "/documents",
            json!({ "title": "Everything", "text": text }),
        )
        .await;
    assert_eq!(
        (sent.status.as_u16(), &sent.json["status"]),
        (202, &json!("pending"))
    );
    kit.work().await;
    let told = shown(&kit, sent.id("id")).await;
    assert_eq!(
        json!([told["status"], told["size"], told["file_name"]]),
        json!(["ready", text.len(), null])
    );
    assert_eq!(search(&kit, "refund").await.as_array().unwrap().len(), 1);
    let path = format!("/documents/{}/text", sent.id("id"));
    assert!(
        kit.get(&token, &path).await.text == text,
        "it is kept as it was sent"
    );
    let left: i64 = sqlx::query_scalar("select count(*) from parlance.document_files")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
    let same = kit
        .post(
            &token,
            "/documents",
            json!({ "title": "Everything", "text": text.replace('\r', "") }),
        )
        .await;
    assert_eq!((same.status.as_u16(), same.id("id")), (200, sent.id("id")));
}

#[tokio::test]
async fn passages_that_are_sent_stay_as_they_are() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let long = "A long passage is cut. ".repeat(80);
    let chunks = json!([
        { "text": "Refunds take 5 days.", "page": 7, "heading": ["Money", "Refunds"] },
        { "text": "Short." },
        { "text": long, "page": 9 },
    ]);
    let sent = kit
        .post(
            &token,
            "/documents",
            json!({ "title": "Cut", "chunks": chunks }),
        )
        .await;
    assert_eq!(
        (sent.status.as_u16(), &sent.json["status"]),
        (202, &json!("ready")),
        "{}",
        sent.text
    );
    let document = shown(&kit, sent.id("id")).await;
    let told = passages(&kit, &document).await;
    assert_eq!(
        told[0],
        (
            json!(7),
            json!(["Money", "Refunds"]),
            "Refunds take 5 days.".to_owned()
        )
    );
    assert_eq!(told[1], (json!(null), json!([]), "Short.".to_owned()));
    assert_eq!((told.len(), &told[3].0), (4, &json!(9)));
    // A heading is found, too.
    assert_eq!(
        search(&kit, "money").await[0]["heading"],
        json!(["Money", "Refunds"])
    );
    for (body, wrong) in [
        (json!({ "title": "T" }), "text"),
        (
            json!({ "title": "T", "text": "t", "chunks": [{ "text": "t" }] }),
            "chunks",
        ),
        (json!({ "title": "T", "chunks": [] }), "text"),
        (json!({ "title": "T", "chunks": [{ "text": " " }] }), "text"),
        (
            json!({ "title": "T", "chunks": [{ "text": "t", "page": 0 }] }),
            "chunks",
        ),
        (
            json!({ "title": "T", "chunks": [{ "text": "t", "heading": vec!["h"; 11] }] }),
            "chunks",
        ),
    ] {
        assert_eq!(
            kit.post(&token, "/documents", body.clone()).await.fields(),
            [wrong],
            "{body}"
        );
    }
}
