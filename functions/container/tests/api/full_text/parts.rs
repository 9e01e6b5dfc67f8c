//! Texts of so many different words that they are stored in parts.

use super::*;

#[tokio::test]
async fn what_is_stored_in_parts_is_found_as_a_whole() {
    let kit = Kit::new().await;
    // As large as what is stored at once, several times.
    let words = (0..45_000).map(|n| match n % 50 {
        0 => format!("zebrafish, zebrafishes w{n}. "),
        _ => format!("w{n} "),
    });
    let id = kit
        .add_document(ADMIN1, "Words", &words.collect::<String>())
        .await;
    for seldom in ["w1", "w20001", "w44999"] {
        assert_eq!(titles(&kit, seldom).await, ["Words"], "{seldom}");
    }
    // What is in each part is in one row, once for each passage.
    let (passages, ordinals, counts): (i32, Vec<i32>, Vec<i16>) = sqlx::query_as(
        "select d.chunks, w.ordinals, w.counts from parlance.documents d join parlance.document_words w on w.document_id = d.id
         where d.id = $1 and w.lexeme = 'zebrafish'",
    )
    .bind(id)
    .fetch_one(&kit.pool)
    .await
    .unwrap();
    assert!(passages > 100, "{passages}");
    assert_eq!(ordinals.len(), counts.len());
    assert!(
        ordinals.is_sorted_by(|one, next| one < next),
        "{ordinals:?}"
    );
    let all: i32 = counts.iter().map(|count| i32::from(*count)).sum();
    assert_eq!(all, 2 * 900);
}
