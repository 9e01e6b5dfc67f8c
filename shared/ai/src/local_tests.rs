//! Tests of the embedded provider's answers.

use proptest::prelude::*;

use super::*;

fn passage(title: &str, text: &str) -> Passage {
    Passage {
        title: title.into(),
        text: text.into(),
        source_url: None,
    }
}

#[test]
fn quotes_the_sentence_that_answers() {
    let passages = [
        passage(
            "Shipping",
            "Parcels leave our warehouse every weekday. We ship to forty countries by air.",
        ),
        passage(
            "Refund policy",
            "Send the goods back unused. Refunds are paid within 14 days of the goods' return. Thanks.",
        ),
    ];
    assert_eq!(
        answer("How long does a refund take to be paid?", &passages),
        "From the documents:\n\n“Refunds are paid within 14 days of the goods' return.” [2]\n\n\
         Sources: [2] Refund policy"
    );
}

#[test]
fn a_heading_is_quoted_with_what_follows() {
    let text = "# Opening hours\n\nMonday to Friday from nine to five. Closed on public holidays.";
    assert_eq!(
        answer("What are your OPENING hours?", &[passage("Visit", text)]),
        "From the documents:\n\n“Opening hours: Monday to Friday from nine to five.” [1]\n\n\
         Sources: [1] Visit"
    );
}

#[test]
fn says_that_it_found_nothing() {
    let nothing = "I found nothing about this in the documents, so I cannot answer.";
    assert_eq!(answer("Why?", &[]), nothing);
    let passages = [passage("A", "Bees make honey."), passage("", "Owls see.")];
    assert_eq!(
        answer("What is the capital of France?", &passages),
        "The documents below may be related, but I found no sentence in them that answers this.\n\n\
         Sources: [1] A, [2] untitled"
    );
}

#[test]
fn overlapping_passages_are_quoted_once() {
    let text = "The warranty lasts two years from the day of purchase.";
    let passages = [passage("A", text), passage("B", text)];
    let answer = answer("How long is the warranty?", &passages);
    assert_eq!(answer.matches("warranty lasts").count(), 1);
    assert!(answer.ends_with("Sources: [1] A"), "{answer}");
}

#[test]
fn long_quotes_are_clipped() {
    let text = "refund ".repeat(500);
    let answer = answer("refund?", &[passage("A", &text)]);
    assert!(answer.chars().count() < MAX_QUOTE + 100);
    assert!(answer.contains("refund …” [1]"), "{answer}");
}

proptest! {
    #[test]
    fn quotes_only_what_is_there(
        question in "[a-zé漢 ?]{0,40}",
        texts in prop::collection::vec("[a-zA-Zé漢 .\n#-]{0,120}", 0..5),
    ) {
        let passages: Vec<Passage> = texts.iter().map(|text| passage("T", text)).collect();
        let quotes = best(&question, &passages);
        prop_assert!(quotes.len() <= MAX_QUOTES);
        for quote in quotes {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
            prop_assert!(letters(&texts[quote.passage]).contains(&letters(&quote.text)));
        }
        prop_assert!(!answer(&question, &passages).is_empty());
    }
}

#[test]
fn one_word_of_many_is_no_answer() {
    let passages = [passage("Shipping", "We ship to Norway and to Switzerland.")];
    let answer = answer("May my old dog travel by night train to Norway?", &passages);
    assert!(!answer.contains('“'), "{answer}");
    assert!(answer.contains("[1] Shipping"), "{answer}");
}
