//! The languages whose words are stemmed: those of which PostgreSQL brings a dictionary.

/// A language that full text knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its code of two letters (ISO 639-1).
    pub code: &'static str,
    /// Its code of three (ISO 639-3).
    pub code3: &'static str,
    stemmer: &'static str,
}

const fn language(code: &'static str, code3: &'static str, stemmer: &'static str) -> Language {
    Language {
        code,
        code3,
        stemmer,
    }
}

const LANGUAGES: [Language; 28] = [
    language("ar", "ara", "arabic_stem"),
    language("ca", "cat", "catalan_stem"),
    language("da", "dan", "danish_stem"),
    language("de", "deu", "german_stem"),
    language("el", "ell", "greek_stem"),
    language("en", "eng", "english_stem"),
    language("es", "spa", "spanish_stem"),
    language("eu", "eus", "basque_stem"),
    language("fi", "fin", "finnish_stem"),
    language("fr", "fra", "french_stem"),
    language("ga", "gle", "irish_stem"),
    language("hi", "hin", "hindi_stem"),
    language("hu", "hun", "hungarian_stem"),
    language("hy", "hye", "armenian_stem"),
    language("id", "ind", "indonesian_stem"),
    language("it", "ita", "italian_stem"),
    language("lt", "lit", "lithuanian_stem"),
    language("ne", "nep", "nepali_stem"),
    language("nl", "nld", "dutch_stem"),
    language("no", "nob", "norwegian_stem"),
    language("pt", "por", "portuguese_stem"),
    language("ro", "ron", "romanian_stem"),
    language("ru", "rus", "russian_stem"),
    language("sr", "srp", "serbian_stem"),
    language("sv", "swe", "swedish_stem"),
    language("ta", "tam", "tamil_stem"),
    language("tr", "tur", "turkish_stem"),
    language("yi", "yid", "yiddish_stem"),
];

/// Codes that say the same: Norwegian as one of its two written forms, and the bibliographic ones of ISO 639-2.
const OTHER_CODES: [(&str, &str); 11] = [
    ("arm", "hy"),
    ("baq", "eu"),
    ("dut", "nl"),
    ("fre", "fr"),
    ("ger", "de"),
    ("gre", "el"),
    ("nb", "no"),
    ("nn", "no"),
    ("nno", "no"),
    ("nor", "no"),
    ("rum", "ro"),
];

impl Language {
    /// The language with a code of two or three letters; none if its words are not stemmed.
    pub fn by_code(code: &str) -> Option<Self> {
        let same = OTHER_CODES.iter().find(|(other, _)| *other == code);
        let code = same.map_or(code, |(_, code)| code);
        LANGUAGES
            .into_iter()
            .find(|language| language.code == code || language.code3 == code)
    }
}

/// The dictionary for words of a language: one that leaves them as they are, where PostgreSQL brings none. A text of which
/// nobody knows the language is stemmed as if it were English: as likely as another, and no worse than not at all.
pub(super) fn stemmer(code: Option<&str>) -> &'static str {
    let Some(code) = code else {
        return "english_stem";
    };
    Language::by_code(code).map_or("simple", |language| language.stemmer)
}
