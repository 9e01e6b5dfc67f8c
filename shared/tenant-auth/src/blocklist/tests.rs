//! What is guessed first, and what must not be taken for it.

use super::*;
use crate::generate_password;
use proptest::prelude::*;
use secrecy::ExposeSecret;

const OWNER: PasswordOwner<'_> = PasswordOwner {
    email: "ana.lima@one.example",
    name: "Ana Lima-Andersson",
    tenant_slug: "one-company",
    tenant_name: "The One & Only Company",
};

fn blocked(password: &str) -> bool {
    is_blocked(password, &OWNER)
}

/// Ordinary words: those of this project's own pages, but for the ones that are blocked.
static ORDINARY: LazyLock<Vec<String>> = LazyLock::new(|| {
    let pages = [
        include_str!("../../../../docs/isolation.md"),
        include_str!("../../../../docs/lambda.md"),
        include_str!("../../../../docs/running.md"),
        include_str!("../../../../docs/scaling.md"),
        include_str!("../../../../CONTRIBUTING.md"),
        include_str!("../../../../README.md"),
    ];
    let words = pages.iter().flat_map(|page| {
        page.split(|c: char| !c.is_ascii_lowercase())
            .filter(|word| word.len() >= MIN_WORD)
    });
    let known = super::words(&OWNER);
    let known: HashSet<String> = known.iter().map(|word| word.iter().collect()).collect();
    let words: HashSet<&str> = words.filter(|word| !known.contains(*word)).collect();
    let mut words: Vec<_> = words.into_iter().map(str::to_owned).collect();
    words.sort();
    words
});

#[test] // R23
fn the_list_is_long_sorted_and_folded() {
    assert!(COMMON.len() >= 3000, "{}", COMMON.len());
    assert!(COMMON.is_sorted_by(|a, b| a < b));
    for entry in COMMON.iter() {
        assert!(entry.len() >= 15, "{entry}");
        assert_eq!(fold(entry).iter().collect::<String>(), *entry);
        assert!(blocked(entry), "{entry}");
    }
}

#[test] // R23
fn what_many_people_use_is_blocked_however_it_is_written() {
    for password in [
        "passwordpassword",
        "PasswordPassword",
        "P@ssw0rd P@ssw0rd!",
        "p.a.s.s.w.o.r.d-password",
        "correct horse battery staple",
        "Correct-Horse-Battery-Staple-1",
        "iloveyouforever",
        "1l0veyouforever99",
        "1manchesterunited1",
        "My Chemical Romance",
    ] {
        assert!(blocked(password), "{password}");
    }
}

#[test] // R23
fn patterns_are_blocked() {
    for password in [
        "aaaaaaaaaaaaaaa",
        "               ",
        "...............",
        "abcabcabcabcabc",
        "abbaabbbabaabab",
        "abcdefghij abcdefghij",
        "zyxwvutsrqponmlk",
        "111222333444555",
        "1234567890123456",
        "0987654321098765",
        "198412031984120319841203",
        "qwertyuiopasdfgh",
        "1qaz2wsx3edc4rfv",
        "QWERTZ123456789",
        "йцукенйцукен12345",
        "tomatotomatotomato",
        "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀",
    ] {
        assert!(blocked(password), "{password}");
    }
}

#[test] // R23
fn what_is_known_of_the_owner_is_blocked() {
    for password in [
        "one-company123456789",
        "0n3-C0mpany123456789",
        "OneCompany2024!!",
        "The One & Only Company",
        "ana.lima@one.example",
        "ana.lima@one.example1",
        "AnaLima19841203",
        "andersson.andersson",
        "Lima-Andersson 84",
        "parlance-parlance",
        "Parlance2024Secret!",
        "welcome to parlance",
        "password for andersson",
    ] {
        assert!(blocked(password), "{password}");
    }
    let nobody = PasswordOwner::default();
    for password in ["Lima-Andersson 84", "ana.lima@one.example"] {
        assert!(!is_blocked(password, &nobody), "{password}");
    }
}

#[test] // R22
fn nothing_is_demanded_of_the_mixture() {
    for password in [
        "tomato bicycle harbour",
        "seven green bicycles",
        "a password that is long enough",
        "the company of seven green bicycles",
        "onlylowercaseletters",
        "ONLY UPPER CASE LETTERS",
        "271828182845904",
        "314159265358979",
        "}{:\"?><+_)(*&^%",
        "пароль не угадаешь",
        "長い合言葉は覚えやすくて強いのです",
        "🦀🐙🦑🐠🐳🦀🐙🐌🦋🐞🦂🐢🐍🦎🦖",
        "8b1f0f4e-8d0c-4a6e-9f57-2d1c5a0e7b93",
    ] {
        assert!(!blocked(password), "{password}");
    }
}

/// Four of the ordinary words; the same for the same number (SplitMix64).
fn phrase(number: u64) -> Vec<&'static str> {
    let mut z = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let parts = (z ^ (z >> 31)).to_le_bytes();
    let parts = parts.chunks_exact(2);
    let at = parts.map(|two| usize::from(u16::from_le_bytes([two[0], two[1]])));
    at.map(|at| &*ORDINARY[at % ORDINARY.len()]).collect()
}

#[test]
fn four_words_and_what_is_generated_are_not_blocked() {
    assert!(ORDINARY.len() > 500, "{}", ORDINARY.len());
    // One in ten thousand happens to hold enough of a pattern, such as the alphabet backward in "puts rand".
    let unlucky = (0..10_000)
        .map(phrase)
        .filter(|words| words.iter().collect::<HashSet<_>>().len() == words.len())
        .filter(|words| blocked(&words.join(" ")))
        .count();
    assert!(unlucky <= 10, "{unlucky} of 10,000");
    for _ in 0..1_000 {
        assert!(!blocked(generate_password().expose_secret()));
    }
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(password in ".{0,128}", email in ".{0,40}", name in ".{0,40}") {
        let owner = PasswordOwner { email: &email, name: &name, tenant_slug: "", tenant_name: "" };
        is_blocked(&password, &owner);
    }

    // R23
    #[test]
    fn a_name_with_digits_is_blocked(slug in "[a-z]{4,12}(-[a-z]{2,8})?", digits in "[0-9]{0,5}123456789[0-9]{0,4}") {
        let owner = PasswordOwner { tenant_slug: &slug, ..PasswordOwner::default() };
        let password = format!("{slug}{digits}");
        prop_assert!(is_blocked(&password, &owner), "{}", password);
    }

    // R23
    #[test]
    fn an_entry_with_digits_around_it_is_blocked(at in 0..COMMON.len(), before in "[0-9]{0,3}", after in "[0-9]{0,4}[!. ]{0,2}") {
        let entry = COMMON[at];
        let edges = [entry.chars().next(), entry.chars().last()];
        prop_assume!(edges.iter().flatten().all(|c| c.is_ascii_alphabetic()));
        let password = format!("{before}{}{after}", entry.to_uppercase());
        prop_assert!(blocked(&password), "{}", password);
    }
}
