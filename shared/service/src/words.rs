//! The words of a text, as full text finds them: folded and cut here, so that neither how somebody typed matters nor the
//! locale of the database's server.

use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// The longest word, in characters; nobody looks for a longer one.
const LONGEST: usize = 64;
/// A text of fewer characters does not tell its language.
const TELLING: usize = 200;
/// So much of a text is enough to tell it.
const LOOKED_AT: usize = 2000;

/// The words of `text`, as often as they are in it, in their order: in lower case, in one form of those that look alike
/// (NFKC), without characters that cannot be seen. Scripts without spaces between words (Han, kana, hangul, Thai and its
/// neighbours) are cut into overlapping pairs of characters. What names a thing, such as `ERR-1234` or `max_tokens`, is
/// there as a whole, too.
pub fn words(text: &str) -> Vec<String> {
    let text = fold(text);
    let mut words = Vec::new();
    for run in text.split(|c: char| c.is_whitespace() || is_closed(c)) {
        let parts = run
            .split(|c| !is_of_word(c))
            .filter(|part| !part.is_empty());
        let several = parts.inspect(|part| cut(part, &mut words)).count() > 1;
        let name = run.trim_matches(|c| !is_of_word(c));
        if several && is_name(name) {
            words.push(name.to_owned());
        }
    }
    words
}

/// How often each of the words of `text` is in it, and a title's words twice more.
pub fn counted(title: &[String], text: &str) -> HashMap<String, u32> {
    let mut counts = HashMap::new();
    let mut add = |word: String, times| *counts.entry(word).or_default() += times;
    title.iter().for_each(|word| add(word.clone(), 2));
    words(text).into_iter().for_each(|word| add(word, 1));
    counts
}

/// The code of the language of `text` (ISO 639-1), if full text knows that language: told by its words if it is long enough,
/// or else by its script, where that has one language more than others.
pub fn language_of(text: &str) -> Option<&'static str> {
    let end = text
        .char_indices()
        .nth(LOOKED_AT)
        .map_or(text.len(), |(at, _)| at);
    let text = &text[..end];
    let told = whatlang::detect(text)
        .filter(|told| told.is_reliable() && text.chars().nth(TELLING).is_some());
    match told {
        Some(told) => db::Language::by_code(told.lang().code()).map(|language| language.code),
        None => whatlang::detect_script(text).and_then(of_script),
    }
}

/// The language that most texts of a script are in, if that is one that full text knows.
fn of_script(script: whatlang::Script) -> Option<&'static str> {
    use whatlang::Script;
    Some(match script {
        Script::Arabic => "ar",
        Script::Armenian => "hy",
        Script::Cyrillic => "ru",
        Script::Devanagari => "hi",
        Script::Greek => "el",
        Script::Tamil => "ta",
        _ => return None,
    })
}

/// Whether a word is a pair of characters of a script without spaces.
pub(crate) fn is_pair(word: &str) -> bool {
    word.chars().all(is_spaceless)
}

pub(crate) fn fold(text: &str) -> String {
    // What case folds to may compose anew.
    let seen = |c: &char| !is_unseen(*c);
    let lower: String = text
        .nfkc()
        .filter(seen)
        .flat_map(char::to_lowercase)
        .collect();
    let folded = lower.nfkc().filter(seen);
    // A sigma that ends a word is one.
    folded.map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// Soft hyphens, joiners and other characters without width, the line that stretches Arabic words, and the dot that is left of
/// a Turkish capital I.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{640}' | '\u{307}')
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c.general_category_group() == GeneralCategoryGroup::Mark
}

/// What stands around words, and in no name.
fn is_closed(c: char) -> bool {
    !is_of_word(c) && !matches!(c, '-' | '.' | '_' | '/' | '@' | ':' | '+' | '#')
}

fn is_name(run: &str) -> bool {
    run.chars().count() <= LONGEST
        && run.contains(|c: char| c.is_numeric() || matches!(c, '_' | '@' | '.' | ':' | '/'))
}

/// Adds the words of what has neither spaces nor signs in it.
fn cut(part: &str, words: &mut Vec<String>) {
    let mut rest = part;
    while let Some(first) = rest.chars().next() {
        let spaceless = is_spaceless(first);
        let end = rest
            .find(|c| is_spaceless(c) != spaceless)
            .unwrap_or(rest.len());
        let run;
        (run, rest) = rest.split_at(end);
        if spaceless {
            pairs(run, words);
        } else if run.chars().nth(LONGEST).is_none() {
            words.push(run.to_owned());
        }
    }
}

fn pairs(run: &str, words: &mut Vec<String>) {
    let starts = run.char_indices().map(|(at, _)| at);
    let ends = starts.clone().skip(2).chain([run.len()]);
    words.extend(
        starts
            .zip(ends)
            .map(|(start, end)| run[start..end].to_owned()),
    );
}

/// Whether a script writes its words without spaces between them, or in Korean with more than a word between two.
fn is_spaceless(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Myanmar
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' // kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' // Han
        | '\u{ac00}'..='\u{d7af}') // hangul
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_folded() {
        for (text, expected) in [
            (
                "Refunds TAKE 14 days.",
                &["refunds", "take", "14", "days"][..],
            ),
            (
                "Straße, İstanbul, Ａｃｍｅ ﬁne",
                &["straße", "istanbul", "acme", "fine"],
            ),
            (
                "co\u{ad}operate zero\u{200b}width الـــعربية",
                &["cooperate", "zerowidth", "العربية"],
            ),
            ("l'eau, don't", &["l", "eau", "don", "t"]),
            ("हिन्दी में", &["हिन्दी", "में"]),
            ("well-known; a/b", &["well", "known", "a", "b", "a/b"]),
            (
                "error ERR-1234: set max_tokens.",
                &[
                    "error",
                    "err",
                    "1234",
                    "err-1234",
                    "set",
                    "max",
                    "tokens",
                    "max_tokens",
                ],
            ),
            ("", &[]),
            ("... -- ///", &[]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        for (text, expected) in [
            (
                "黑豹队的防守",
                &["黑豹", "豹队", "队的", "的防", "防守"][..],
            ),
            ("第1名", &["第", "1", "名"]),
            ("カタカナ", &["カタ", "タカ", "カナ"]),
            ("ｶﾀ", &["カタ"]),
            ("猫", &["猫"]),
            ("환불은", &["환불", "불은"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_language_is_told_by_a_text_that_is_long_enough() {
        let german =
            "Eine Rückerstattung dauert vierzehn Tage, nachdem wir die Ware erhalten haben. "
                .repeat(4);
        assert_eq!(language_of(&german), Some("de"));
        assert_eq!(language_of("Eine Rückerstattung dauert."), None);
        assert_eq!(language_of(&"xq zz ".repeat(100)), None);
    }

    #[test]
    fn a_short_text_tells_its_language_by_its_script() {
        for (text, expected) in [
            ("Возврат денег занимает 14 дней.", Some("ru")),
            ("يستغرق استرداد الأموال 14 يوما", Some("ar")),
            ("Η επιστροφή διαρκεί 14 ημέρες.", Some("el")),
            ("धनवापसी में 14 दिन लगते हैं।", Some("hi")),
            ("退款需要 14 天。", None),
            ("14", None),
            ("", None),
        ] {
            assert_eq!(language_of(text), expected, "{text}");
        }
        // Long enough to be told from what most texts of the script are in.
        let ukrainian = "Повернення коштів триває чотирнадцять днів після того, як ми отримаємо товар, і є безкоштовним. ".repeat(4);
        assert_eq!(language_of(&ukrainian), None);
    }

    proptest! {
        #[test]
        fn any_text_has_words_that_are_their_own(text in any::<String>()) {
            for word in words(&text) {
                prop_assert!(!word.is_empty());
                prop_assert!(word.chars().count() <= LONGEST);
                prop_assert!(!word.contains(char::is_whitespace));
            }
        }

        #[test]
        fn how_it_is_typed_does_not_matter(text in "[a-zäöüéñа-яα-ω ]{0,80}") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(words(&text), words(&decomposed));
            prop_assert_eq!(words(&text), words(&text.to_uppercase().replace('\u{307}', "")).into_iter().collect::<Vec<_>>());
        }
    }
}
