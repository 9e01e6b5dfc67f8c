"""Sets of questions: what is to be found, what is asked, and what answers it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# The set whose documents are the project's own pages.
OWN = ROOT / "docs" / "eval"


class Fault(Exception):
    """Something is wrong with a set, or with the service; the sentence says what."""


@dataclass
class Set:
    """Documents (`id`, `title`, `text`), questions (`id`, `question`, `relevant`), and those that nothing answers."""

    name: str
    language: str
    documents: list
    questions: list
    unanswerable: list


def load(folder):
    """The sets in a folder: one, or one for each language that ends the names of its files."""
    folder = Path(folder).resolve()
    asked = sorted(folder.glob("questions*.jsonl"))
    if not asked:
        raise Fault(f"{folder} has no questions.jsonl; see docs/knowledge.md for what a set is")
    return [read(folder, path.name.removeprefix("questions").removesuffix(".jsonl")) for path in asked]


def read(folder, suffix):
    """The set whose files end with `suffix`: a dot and a language, or nothing, which is English."""
    path = folder / f"documents{suffix}.jsonl"
    documents = pages() if folder == OWN else lines(path, "id", "title", "text")
    questions = lines(folder / f"questions{suffix}.jsonl", "id", "question", "relevant")
    unanswerable = folder / f"unanswerable{suffix}.jsonl"
    unanswerable = lines(unanswerable, "id", "question") if unanswerable.exists() else []
    known = {document["id"] for document in documents}
    if len(known) < len(documents):
        raise Fault(f"{folder.name}: two documents have the same id")
    asked = [question["id"] for question in questions + unanswerable]
    if len(set(asked)) < len(asked):
        raise Fault(f"{folder.name}: two questions have the same id")
    for question in questions:
        missing = sorted(set(question["relevant"]) - known)
        if missing or not question["relevant"]:
            raise Fault(f"{folder.name}: the question {question['id']} is answered by {missing or 'nothing'}, which is not there")
    name = folder.name if folder != OWN else "these pages"
    return Set(name + suffix.replace(".", " "), suffix.strip(".") or "en", documents, questions, unanswerable)


def lines(path, *fields):
    """The objects of a file, one a line, each with these fields."""
    try:
        objects = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as cause:
        raise Fault(f"{path} cannot be read: {cause}") from cause
    for number, found in enumerate(objects, 1):
        if missing := [field for field in fields if field not in found]:
            raise Fault(f"{path}:{number}: there is no {' and no '.join(missing)}")
    return objects


def pages():
    """The sections of README.md and docs/*.md, each a document: what is between two headings."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [section for path in found for section in sections(path.name, path.read_text(encoding="utf-8"))]


def sections(page, text):
    """The sections of a page that say something. The first has the page's name as id, the others their heading's anchor, too."""
    title, heading, said, fenced, found = page, None, [], False, []

    def end():
        body = "\n".join(said).strip()
        if body:
            name = f"{title} – {heading}" if heading else title
            found.append({"id": page + (f"#{anchor(heading)}" if heading else ""), "title": name, "text": body})

    for line in text.splitlines():
        fenced ^= line.lstrip().startswith("```")
        mark = re.match(r"(#{1,6}) +(.*)", line) if not fenced else None
        if not mark:
            said.append(line)
        elif mark[1] == "#":
            title = plain(mark[2])
        else:
            end()
            heading, said = plain(mark[2]), []
    end()
    return found


def plain(heading):
    """A heading without its marks: the names of links, and what stands between backticks."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip()


def anchor(heading):
    """What a link to a heading is called, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
