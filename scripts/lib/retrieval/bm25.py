"""BM25 as others have it: Lucene's variant by bm25s, with Snowball's stemmers."""

import re

import bm25s
import Stemmer

STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}
# The languages whose stop words bm25s knows; those of others count as rare as they are.
STOP_WORDS = {"de", "en", "es", "fr", "it", "nl", "no", "pt", "ru", "sv"}
# Han, kana and hangul: cut into pairs, as Lucene's analyser for them does.
SPACELESS = re.compile("[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")


def search(documents, questions, language):
    """The ids of the ten best documents for each question, by the question's id."""
    stemmer = Stemmer.Stemmer(STEMMERS[language]) if language in STEMMERS else None

    def tokens(texts):
        return bm25s.tokenize(
            [SPACELESS.sub(pairs, text) for text in texts], stopwords=language if language in STOP_WORDS else None,
            stemmer=stemmer, return_ids=False, show_progress=False,
        )

    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    index.index(tokens([f"{document['title']}\n{document['text']}" for document in documents]), show_progress=False)
    found = {}
    for question, asked in zip(questions, tokens([question["question"] for question in questions])):
        scores = index.get_scores(asked) if asked else [0.0] * len(documents)
        best = sorted(range(len(documents)), key=lambda at: -scores[at])[:10]
        found[question["id"]] = [documents[at]["id"] for at in best if scores[at] > 0]
    return found


def pairs(run):
    """Each two characters of a run that follow each other, as words."""
    run = run[0]
    return " " + " ".join(run[at : at + 2] for at in range(max(len(run) - 1, 1))) + " "
