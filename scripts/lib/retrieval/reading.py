"""How fast files of each format are read, and what memory the process that reads them takes."""

import time
from pathlib import Path
from threading import Event, Thread

from . import written
from .sets import Fault

PARAGRAPHS = 1_200
# A book: so many pages of three paragraphs.
PAGES = 1_000
FORMATS = {"txt": written.text, "md": written.markdown, "html": written.html, "csv": written.csv, "docx": written.docx,
           "xlsx": written.xlsx, "pptx": written.pptx, "pdf": written.pdf}


def measure(service):
    """Prints a row for each format, and one for a large PDF."""
    service.make_tenant("files")
    print(f"Files of {PARAGRAPHS:,} paragraphs, and a PDF of {PAGES:,} pages: from the upload until full text finds all of it.\n")
    print("| file | size | passages | seconds | passages a second | memory of the reader |\n| --- | --- | --- | --- | --- | --- |", flush=True)
    with service.serving(vectors=False) as base_url:
        tenant = service.tenant(base_url, "files")
        tenant.settings()
        for ending, write in FORMATS.items():
            row(tenant, f"text.{ending}", write(written.paragraphs(ending, PARAGRAPHS)))
        row(tenant, "book.pdf", written.pdf(written.paragraphs("book", PAGES * 3)))


def row(tenant, name, content):
    """Uploads a file, waits until it was read, and prints what that took."""
    memory = Memory()
    begun = time.perf_counter()
    added = tenant.upload(name, content)
    while added["status"] == "pending":
        time.sleep(0.01)
        added = tenant.ask("GET", f"/documents/{added['id']}")
    took = time.perf_counter() - begun
    if added["status"] != "ready":
        raise Fault(f"{name} could not be read: {added.get('error')}")
    most = memory.most()
    print(f"| {name} | {len(content) / 1024:,.0f} KiB | {added['chunks']:,} | {took:.2f} | {added['chunks'] / took:,.0f} | {most} |", flush=True)


class Memory:
    """Looks at the processes that read files until it is asked."""

    def __init__(self):
        self.seen, self.ended = 0, Event()
        self.looking = Thread(target=self.look, daemon=True)
        self.looking.start()

    def look(self):
        """The most of any, as the system counts it; what a process takes in its last milliseconds may be missed."""
        while not self.ended.wait(0.005):
            for process in Path("/proc").iterdir():
                try:
                    if b"\0extract\0" in (process / "cmdline").read_bytes():
                        status = (process / "status").read_text()
                        self.seen = max(self.seen, int(status.partition("VmHWM:")[2].split()[0]))
                except (OSError, IndexError, ValueError):
                    continue

    def most(self):
        """In words."""
        self.ended.set()
        self.looking.join()
        return f"{self.seen / 1024:.0f} MiB" if self.seen else "–"

