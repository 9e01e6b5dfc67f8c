//! What says nothing in a question, where PostgreSQL has no list of it.

use super::*;

/// A question, a text that answers it, and one that shares with it nothing but words of grammar.
const ASKED: [(&str, &str, &str); 3] = [
    (
        "متى وكيف ولماذا يكون الاسترداد؟",
        "الاسترداد ممكن خلال أسبوعين.",
        "متى وكيف ولماذا يكون هذا؟",
    ),
    (
        "Πότε και πώς και γιατί θα είναι η επιστροφή;",
        "Επιστροφή γίνεται σε δύο εβδομάδες.",
        "Πότε και πώς και γιατί θα είναι η απάντηση;",
    ),
    (
        "वापसी कब और कैसे और क्यों होती है?",
        "वापसी दो सप्ताह में।",
        "कब और कैसे और क्यों ऐसा होती है?",
    ),
];

#[tokio::test]
async fn words_of_grammar_find_nothing_and_hide_nothing() {
    let kit = Kit::new().await;
    for (_, answer, other) in ASKED {
        add(&kit, answer, answer, None).await;
        add(&kit, other, other, None).await;
    }
    for (question, answer, _) in ASKED {
        assert_eq!(titles(&kit, question).await, [answer], "{question}");
    }
}

#[tokio::test]
async fn a_question_of_nothing_else_is_still_looked_for() {
    let kit = Kit::new().await;
    for (_, _, other) in ASKED {
        add(&kit, other, other, None).await;
    }
    for (question, other) in [("متى وكيف؟", ASKED[0].2), ("कब और कैसे?", ASKED[2].2)]
    {
        assert_eq!(titles(&kit, question).await, [other], "{question}");
    }
}
