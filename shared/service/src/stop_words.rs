//! Stop words: what says nothing in a question, in the languages of which PostgreSQL brings a dictionary without a list of them. They are
//! words of grammar alone. The lists that others publish also hold numbers, months and currencies, which people do look for.

use crate::words::fold;
use std::{collections::HashSet, sync::LazyLock};

const ARABIC: &str = "
    ما ماذا لماذا من متى أين كيف كم هل أي أية
    في فيه فيها فيهم على عليه عليها عليهم إلى إليه إليها إليهم عن عنه عنها مع معه معها به بها بهم بما بهذا بهذه
    له لها لهم لك لكم لي لنا لهذا لهذه لما منه منها منهم مما ممن حول خلال بين عند لدى نحو حتى منذ ضمن ضد دون بدون بعد قبل غير
    هو هي هم هما هن أنا أنت أنتم نحن هذا هذه هذان هاتان هؤلاء ذلك تلك أولئك هنا هناك الذي التي الذين اللذان اللتان اللواتي
    أو أم ثم لكن بل إذا إذ لو لولا كي لكي حيث حين حينما عندما بينما كما كذلك أيضا إن أن إنه إنها أنه أنها لأن لأنه لأنها بأن فإن
    لا لم لن ليس ليست قد لقد سوف إلا إما أما فقط كان كانت كانوا يكون تكون يكونوا
    كل كلا بعض جدا مثل و ف ب ل ك";

const GREEK: &str = "
    ο η το οι τα του της των τον τη την τους τις ένας ένα έναν μία μια μιας ενός
    τι ποιος ποια ποιο ποιοι ποιες ποιον ποιων πού που πότε πώς πως πόσο πόση πόσοι πόσες πόσα γιατί
    και κι ή αλλά όμως αν εάν όταν όπως ώστε ότι επειδή ενώ δηλαδή ούτε είτε
    σε στο στη στην στον στα στις στους με για από προς κατά μετά μέχρι χωρίς παρά αντί υπό επί περί ως ανά
    θα να ας δεν δε μη μην είμαι είσαι είναι είμαστε είστε ήμουν ήταν έχω έχεις έχει έχουμε έχετε έχουν είχε είχαν
    εγώ εσύ εμείς εσείς εμάς εσάς μου σου μας σας με σε αυτός αυτή αυτό αυτοί αυτές αυτά αυτού αυτής αυτών αυτόν αυτήν
    εκείνος εκείνη εκείνο εκείνοι εκείνα οποίος οποία οποίο οποίοι οποίες οποίων όποιος όσο όσα όσοι
    εδώ εκεί πολύ πιο πάρα τόσο έτσι μόνο επίσης";

const HINDI: &str = "
    क्या कब कहाँ कहां कौन किस किसे किसका किसकी किसके किसने किन क्यों कैसे कैसा कैसी कितना कितनी कितने कौनसा कौनसी
    का की के को से में पर ने तक द्वारा लिए साथ बाद पहले बारे बीच
    और या एवं तथा कि लेकिन परन्तु मगर यदि अगर तो जब तब जहाँ वहाँ यहाँ जैसे क्योंकि इसलिए
    यह ये वह वे इस इन उस उन इसे उसे इन्हें उन्हें इसका इसकी इसके उसका उसकी उसके इनका इनकी इनके उनका उनकी उनके इसमें उसमें
    जो जिस जिसे जिसका जिसकी जिसके जिन जिन्हें जिनका जिसमें
    मैं हम आप तुम मुझे हमें आपको मेरा मेरी मेरे हमारा हमारी हमारे आपका आपकी आपके अपना अपनी अपने
    है हैं हूँ हूं था थी थे हो होता होती होते होना होने हुआ हुई हुए होगा होगी होंगे
    कर करता करती करते करना करने किया गया गई गए जाता जाती जाते सकता सकती सकते रहा रही रहे
    ही भी न नहीं मत एक कुछ सब बहुत ऐसा ऐसे ऐसी";

/// The words of all lists: their scripts tell them apart.
static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let lists = [ARABIC, GREEK, HINDI];
    let words = lists.iter().flat_map(|list| list.split_whitespace());
    words.map(|word| plain(&fold(word))).collect()
});

/// Those of the folded words that say something, or all of them if none does.
pub(crate) fn telling(words: Vec<String>) -> Vec<String> {
    let (saying_nothing, telling): (Vec<_>, Vec<_>) =
        words.into_iter().partition(|word| is_one(word));
    match telling.is_empty() {
        true => saying_nothing,
        false => telling,
    }
}

/// Whether a folded word says nothing, with an Arabic *and* before it or without.
fn is_one(word: &str) -> bool {
    let word = plain(word);
    WORDS.contains(&word)
        || word
            .strip_prefix('و')
            .is_some_and(|rest| WORDS.contains(rest))
}

/// Without what writers of Arabic leave out: vowels, and the sign on or below an alif.
fn plain(word: &str) -> String {
    let seen = word.chars().filter(|c| !matches!(c, '\u{64b}'..='\u{652}'));
    seen.map(|c| match c {
        'أ' | 'إ' => 'ا',
        other => other,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::words;

    fn left(text: &str) -> Vec<String> {
        telling(words(text))
    }

    #[test]
    fn what_says_something_is_left() {
        for (text, expected) in [
            ("متى وكيف يَكونُ الاسترداد؟", &["الاسترداد"][..]),
            ("الى اين والى من ارسل الطرد", &["ارسل", "الطرد"]),
            ("Πότε και ΠΩΣ θα είναι η επιστροφή;", &["επιστροφή"]),
            ("वापसी कब और कैसे होती है?", &["वापसी"]),
            (
                "How long does it take",
                &["how", "long", "does", "it", "take"],
            ),
        ] {
            assert_eq!(left(text), expected, "{text}");
        }
    }

    #[test]
    fn of_what_says_nothing_all_is_left() {
        assert_eq!(left("τι είναι αυτό"), ["τι", "είναι", "αυτό"]);
        assert_eq!(left(""), [""; 0]);
    }

    #[test]
    fn each_is_a_word_as_a_text_has_it() {
        for list in [ARABIC, GREEK, HINDI] {
            for word in list.split_whitespace() {
                assert_eq!(words(word).len(), 1, "{word}");
                assert!(is_one(&fold(word)), "{word}");
            }
        }
    }
}
