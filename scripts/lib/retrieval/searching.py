"""How long searches take by the size of a tenant."""

import os
import statistics
import time
from pathlib import Path
from threading import Lock, Thread

from . import written
from .service import Tenant
from .standin import MODEL, NAME

# A document has so many passages; so many are added at a time.
PASSAGES = 20
AT_ONCE = 4
SMALL_TENANTS = 100
# What no text holds, so that full text ends at once and vectors are what is waited for.
NOWHERE = "xxq{}xxq"
TICKS = os.sysconf("SC_CLK_TCK")


def measure(service, sizes, count):
    """Prints a row for each size and each way of finding."""
    slugs = {size: f"size-{size}" for size in sizes}
    for slug in slugs.values():
        service.make_tenant(slug)
    small = [f"small-{number}" for number in range(SMALL_TENANTS)]
    for slug in small:
        service.make_tenant(slug)
    with service.serving(vectors=True) as base_url:
        for slug in small:
            fill(service.tenant(base_url, slug), slug, PASSAGES)
        print("Searches over HTTP, one after the other, and PostgreSQL's processor time for each; ms.\n")
        print("| passages | by | median | slowest | processor, mean |\n| --- | --- | --- | --- | --- |", flush=True)
        for size, slug in slugs.items():
            tenant = service.tenant(base_url, slug)
            fill(tenant, slug, size)
            row(size, "full text", tenant, written.questions(count))
            row(size, "full text, most frequent words too", tenant, written.questions(count, first=0))
            tenant.keep_vectors(NAME, MODEL)
            tenant.wait_for_vectors(("none", "pending"))
            row(size, "vectors", tenant, [NOWHERE.format(at) for at in range(count)])
            row(size, "both", tenant, written.questions(count))


def fill(tenant, slug, size):
    """Adds documents with so many passages together."""
    tenant.settings()
    left, lock = iter(range(size // PASSAGES)), Lock()

    def add(other):
        while True:
            with lock:
                at = next(left, None)
            if at is None:
                return
            said = "\n\n".join(written.paragraphs(f"{slug} {at}", PASSAGES))
            other.ask("POST", "/documents", {"title": f"Document {at}", "text": said})

    adding = [Thread(target=add, args=[tenant.again()]) for _ in range(AT_ONCE)]
    for thread in adding:
        thread.start()
    for thread in adding:
        thread.join()


def row(size, by, tenant, questions):
    """Asks, each question once before it counts, and prints what it took."""
    for question in questions:
        search(tenant, question)
    took, before = [], processor()
    for question in questions:
        begun = time.perf_counter()
        search(tenant, question)
        took.append((time.perf_counter() - begun) * 1000)
    each = (processor() - before) / len(questions)
    print(f"| {size:,} | {by} | {statistics.median(took):.1f} | {max(took):.1f} | {each:.1f} |", flush=True)


def search(tenant: Tenant, question):
    """What a chat would be given for it."""
    return tenant.ask("POST", "/documents/search", {"query": question, "top_k": 5})


def processor():
    """How many milliseconds the processes of this PostgreSQL have had of a processor, those that ended left out."""
    used, owner = 0, Path(os.environ["PG_BIN"]).resolve()
    for process in Path("/proc").iterdir():
        try:
            if (process / "exe").resolve().parent == owner:
                # Behind the name, which may hold anything: state is the first, utime and stime the 12th and 13th.
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                used += (int(fields[11]) + int(fields[12])) * 1000 / TICKS
        except OSError:
            continue
    return used
