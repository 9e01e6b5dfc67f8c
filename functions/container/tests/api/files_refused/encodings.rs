//! Texts that are not UTF-8.

use super::*;

#[tokio::test]
async fn texts_of_other_encodings_are_read() {
    let kit = Kit::new().await;
    let said = "Größe und Farbe: Öl, 5 €.";
    let wide = |bytes: fn(u16) -> [u8; 2]| said.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let latin: Vec<u8> = said
        .chars()
        .map(|c| if c == '€' { 0x80 } else { u32::from(c) as u8 })
        .collect();
    for (name, content) in [
        (
            "marked.txt",
            [&b"\xff\xfe"[..], &wide(u16::to_le_bytes)].concat(),
        ),
        ("wide.txt", wide(u16::to_le_bytes)),
        ("big.txt", wide(u16::to_be_bytes)),
        ("utf8.txt", [&b"\xef\xbb\xbf"[..], said.as_bytes()].concat()),
        ("latin.txt", latin),
    ] {
        assert_eq!(text(&kit, name, &content).await, said, "{name}");
    }
    // A name that says otherwise does not matter where the content does not.
    let file = pdf(&[PROSE], &[]);
    assert_eq!(text(&kit, "really a PDF.txt", &file).await, PROSE[0]);
    // Nor an outline that leads nowhere.
    let mut lost = objects(&[PROSE], &[(1, "Title")]);
    lost[0] = b"<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R /Names << /Dests << /Names [(a) []] >> >> >>".to_vec();
    assert_eq!(text(&kit, "lost.pdf", &pdf_of(&lost, "")).await, PROSE[0]);
    // A few bytes that are none are shown as such.
    let broken = [
        b"Nearly all of this is a text, ".repeat(20),
        b"\x81\xff".to_vec(),
    ]
    .concat();
    assert!(
        text(&kit, "broken.txt", &broken)
            .await
            .starts_with("Nearly all")
    );
}
