"""Texts, questions and files that nobody wrote: the same ones each time."""

import random
from io import BytesIO
from itertools import accumulate

# Of made-up words the first is the most frequent, the second half as frequent, and so on (Zipf), as in any language.
SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnpqrstvwz" for vowel in "aeiou"]
LEXICON = 60_000
# A passage holds about so many; 25 of them are of the 30 words that its document has more often than others.
WORDS = 135
OWN = 25
# So many of the most frequent words say nothing, such as "the": languages with a list of them do not look for them.
SAY_NOTHING = 100


def lexicon():
    """Words of two to four syllables, the most frequent first."""
    chance, words = random.Random(1), {}
    while len(words) < LEXICON:
        words["".join(chance.choices(SYLLABLES, k=chance.choice((2, 2, 3, 3, 4))))] = None
    return list(words)


LEXEMES = lexicon()
SHARES = list(accumulate(1 / (place + 2.7) for place in range(LEXICON)))


def sentences(chance, own, count):
    """A paragraph of so many words."""
    words = chance.choices(LEXEMES, cum_weights=SHARES, k=count - count * OWN // WORDS) + chance.choices(own, k=count * OWN // WORDS)
    chance.shuffle(words)
    return " ".join(" ".join(words[at:at + 15]).capitalize() + "." for at in range(0, count, 15))


def paragraphs(seed, count, words=WORDS):
    """The paragraphs of one document."""
    chance = random.Random(seed)
    own = chance.choices(LEXEMES, k=30)
    return [sentences(chance, own, words) for _ in range(count)]


def questions(count, first=SAY_NOTHING):
    """Questions of seven words: five as frequent as those of a text, from the `first` on, two rarer."""
    chance = random.Random(9)
    frequent = list(accumulate(1 / (place + 2.7) for place in range(first, LEXICON)))
    return [" ".join(chance.choices(LEXEMES[first:], cum_weights=frequent, k=5) + chance.choices(LEXEMES[first:20_000], k=2))
            for _ in range(count)]


def text(said):
    """As plain text."""
    return "\n\n".join(said).encode()


def markdown(said):
    """A heading before every fifth paragraph."""
    return "\n\n".join(f"## Part {at // 5 + 1}\n\n{part}" if at % 5 == 0 else part for at, part in enumerate(said)).encode()


def html(said):
    """Likewise, in a page with a menu and a script."""
    parts = "".join(f"<h2>Part {at // 5 + 1}</h2><p>{part}</p>" if at % 5 == 0 else f"<p>{part}</p>" for at, part in enumerate(said))
    return f"<!doctype html><title>Written</title><nav><a href='/'>Home</a></nav><script>1</script><main>{parts}</main>".encode()


def csv(said):
    """A row for each paragraph: a number and the text."""
    return ("number,text\n" + "".join(f"{at},{part}\n" for at, part in enumerate(said))).encode()


def docx(said):
    """As a Word document with headings."""
    import docx as library

    made = library.Document()
    for at, part in enumerate(said):
        if at % 5 == 0:
            made.add_heading(f"Part {at // 5 + 1}", 2)
        made.add_paragraph(part)
    return saved(made.save)


def xlsx(said):
    """A sheet with a row for each paragraph."""
    import openpyxl

    made = openpyxl.Workbook(write_only=True)
    sheet = made.create_sheet("Written")
    for at, part in enumerate(said):
        sheet.append([at, part])
    return saved(made.save)


def pptx(said):
    """A slide for each three paragraphs."""
    import pptx as library

    made = library.Presentation()
    for at in range(0, len(said), 3):
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = f"Slide {at // 3 + 1}", "\n".join(said[at:at + 3])
    return saved(made.save)


def pdf(said):
    """Pages of three paragraphs, in a standard font."""
    import fpdf

    made = fpdf.FPDF()
    made.set_font("helvetica", size=11)
    for at, part in enumerate(said):
        if at % 3 == 0:
            made.add_page()
        made.multi_cell(0, text=part, new_x="LMARGIN", new_y="NEXT")
        made.ln(4)
    return bytes(made.output())


def saved(save):
    """The bytes of what saves itself."""
    file = BytesIO()
    save(file)
    return file.getvalue()
