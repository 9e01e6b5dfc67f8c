//! What is read of each format.

use super::*;

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
