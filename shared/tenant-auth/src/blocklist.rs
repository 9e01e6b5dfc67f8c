//! Passwords that are long enough and still among the first that are tried: those that many people use, patterns, and
//! what is known of the user (OWASP ASVS 5.0 sections 6.2.4 and 6.2.11, NIST SP 800-63B section 3.1.1.2).

use std::{collections::HashSet, iter, sync::LazyLock};
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// Whom a new password is for: words that are tried first. What is not known is empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct PasswordOwner<'a> {
    /// The user's address.
    pub email: &'a str,
    /// The user's name.
    pub name: &'a str,
    /// The tenant in URLs and logins.
    pub tenant_slug: &'a str,
    /// The tenant's name for people.
    pub tenant_name: &'a str,
}

/// Long passwords that many people use, folded and sorted; `data/README.md` says where they are from.
static COMMON: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("../data/long-passwords.txt").lines().collect());

/// What passwords are made of when their length is demanded; the first is this product.
const WORDS: [&str; 18] = [
    "parlance",
    "administrator",
    "admin",
    "changeme",
    "company",
    "default",
    "geheim",
    "iloveyou",
    "letmein",
    "login",
    "passcode",
    "passphrase",
    "password",
    "passwort",
    "secret",
    "temporary",
    "trustno",
    "welcome",
];

/// Ways over the keyboard and through the alphabet, walked both forward and backward.
const WALKS: [&str; 14] = [
    "01234567890",
    "147258369",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "йцукенгшщзхъ",
    "фывапролджэ",
];

static STEPS: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let forward = WALKS.map(|walk| walk.chars().collect());
    let backward = WALKS.map(|walk| walk.chars().rev().collect());
    forward.into_iter().chain(backward).collect()
});

/// Digits that stand for letters.
const LEET: [(char, char); 8] = [
    ('0', 'o'),
    ('1', 'i'),
    ('1', 'l'),
    ('3', 'e'),
    ('4', 'a'),
    ('5', 's'),
    ('7', 't'),
    ('8', 'b'),
];

/// The shortest word that counts as one: three letters are in too many others.
const MIN_WORD: usize = 4;

/// The shortest walk, and the shortest repetition of one character.
const MIN_WALK: usize = 4;
const MIN_SAME: usize = 3;

/// Characters that must be left of a password of which something was taken away: two words of a passphrase.
const MIN_REST: usize = 10;

/// Fewest different characters.
const MIN_DISTINCT: usize = 5;

/// Whether a password is among the first that are tried for its owner.
///
/// No mixture of characters makes a password better or worse here: only what is known beforehand counts against it.
pub(crate) fn is_blocked(password: &str, owner: &PasswordOwner<'_>) -> bool {
    let folded = fold(password);
    let rest = rest(&folded, &words(owner));
    let known = rest.len() < folded.len() && rest.len() < MIN_REST;
    let distinct: HashSet<char> = password.chars().collect();
    known || distinct.len() < MIN_DISTINCT || is_common(&folded)
}

/// Lower case, without space and punctuation. `@` and `$` are letters in disguise.
fn fold(text: &str) -> Zeroizing<Vec<char>> {
    // Large enough from the start: growing would leave pieces of the password behind.
    let mut folded = Zeroizing::new(Vec::with_capacity(3 * text.len()));
    let letters = text.chars().flat_map(char::to_lowercase).map(|c| match c {
        '@' => 'a',
        '$' => 's',
        other => other,
    });
    folded.extend(letters.filter(|c| !c.is_ascii_punctuation() && !c.is_whitespace()));
    folded
}

/// Whether many people use it, with other digits around it or in the place of letters.
fn is_common(folded: &[char]) -> bool {
    let digit = |c: &&char| c.is_ascii_digit();
    let before = folded.iter().take_while(digit).count();
    let after = folded[before..].iter().rev().take_while(digit).count();
    let bare = &folded[before..folded.len() - after];
    let readings: [fn(char) -> char; 2] = [|c| c, letter];
    let listed = |letters: &[char], read: fn(char) -> char| {
        let mut text = Zeroizing::new(String::with_capacity(4 * letters.len()));
        text.extend(letters.iter().copied().map(read));
        COMMON.binary_search(&text.as_str()).is_ok()
    };
    readings
        .into_iter()
        .any(|read| listed(folded, read) || listed(bare, read))
}

/// The letter that a digit is most likely to stand for.
fn letter(c: char) -> char {
    let like = LEET.iter().find(|(digit, _)| *digit == c);
    like.map_or(c, |(_, letter)| *letter)
}

/// What anybody would try who knows the owner: each name as a whole and its words.
fn words(owner: &PasswordOwner<'_>) -> Vec<Zeroizing<Vec<char>>> {
    let local = owner.email.rsplit_once('@').map_or("", |(local, _)| local);
    let names = [
        owner.email,
        local,
        owner.name,
        owner.tenant_slug,
        owner.tenant_name,
    ];
    names
        .into_iter()
        .flat_map(|name| iter::once(name).chain(name.split(|c: char| !c.is_alphanumeric())))
        .chain(WORDS)
        .map(fold)
        .filter(|word| word.len() >= MIN_WORD)
        .collect()
}

/// What is left of a password when words and walks are taken away; of a repetition, what is repeated.
fn rest(password: &[char], words: &[Zeroizing<Vec<char>>]) -> Zeroizing<Vec<char>> {
    let mut rest = Zeroizing::new(Vec::with_capacity(password.len()));
    let mut left = password;
    while let Some(first) = left.first() {
        let named = words.iter().filter(|word| begins_with(left, word));
        let known = named.map(|word| word.len()).max().unwrap_or(0);
        let known = known.max(walk(left));
        if known == 0 {
            rest.push(*first);
        }
        left = &left[known.max(1)..];
    }
    let repeats = |period: &usize| rest.iter().zip(&rest[*period..]).all(|(a, b)| a == b);
    if let Some(period) = (1..=rest.len() / 2).find(repeats) {
        rest.truncate(period);
    }
    rest
}

fn begins_with(text: &[char], word: &[char]) -> bool {
    let same = |(c, letter): (&char, &char)| c == letter || LEET.contains(&(*c, *letter));
    text.len() >= word.len() && text.iter().zip(word).all(same)
}

/// How far the text begins with a walk or with one character; 0 if that is no length to speak of.
fn walk(text: &[char]) -> usize {
    let shared = |way: &[char]| text.iter().zip(way).take_while(|(a, b)| a == b).count();
    let ways = STEPS
        .iter()
        .flat_map(|way| (0..way.len()).map(|from| &way[from..]));
    let walked = ways.map(shared).max().unwrap_or(0);
    let same = text.iter().take_while(|c| **c == text[0]).count();
    let walked = if walked < MIN_WALK { 0 } else { walked };
    let same = if same < MIN_SAME { 0 } else { same };
    walked.max(same)
}
