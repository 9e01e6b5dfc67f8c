import type { components } from "parlance-client";
import { useEffect, useRef, useState } from "preact/hooks";
import { call, useDeed, usePages } from "../../call.js";
import { useCell } from "../../cell.js";
import { Button, IconButton, LinkButton } from "../../kit/button.js";
import { FormDialog } from "../../kit/dialog.js";
import { Card, Empty, Screen } from "../../kit/screen.js";
import { say } from "../../kit/say.js";
import { Badge, Listed } from "../../kit/table.js";
import { Trouble } from "../../kit/trouble.js";
import { Typed } from "../../kit/typed.js";
import { useTexts } from "../../preferences.js";
import { route, to } from "../../route.js";
import { bytes, day, fill, moment, number } from "../../words.js";
import { Drop, Uploads } from "./drop.js";
import { arrived } from "./uploads.js";
import { WriteDialog } from "./write.js";

export type Document = components["schemas"]["Document"];

export const isWorking = ({ status, vectors }: Document): boolean => status === "pending" || (status === "ready" && vectors === "pending");

export const hasFailed = ({ status, vectors }: Document): boolean => status === "failed" || vectors === "failed";

/** Tries again what failed, on this page or not: as much as the service takes at once. */
const RetryAll = ({ again }: { again: () => void }) => {
  const t = useTexts();
  const retry = useDeed(async () => {
    const { tried, left } = await call<components["schemas"]["RetriedDocuments"]>("POST", "/documents/retry");
    say(fill(left > 0 ? t.knowledge.retriedSome : t.knowledge.retriedAll, { n: number(tried), left: number(left) }));
    again();
  });
  return (
    <>
      <Button icon="again" press={() => void retry.run()} isBusy={retry.isBusy}>
        {t.knowledge.retryAll}
      </Button>
      <Trouble error={retry.error} />
    </>
  );
};

/** How a document stands, in a word and a colour. */
export const State = ({ document }: { document: Document }) => {
  const t = useTexts();
  const { status, vectors, chunks, chunks_done } = document;
  if (status === "failed") return <Badge tone="bad">{t.knowledge.state.failed}</Badge>;
  if (status === "pending") return <Badge tone="warn">{t.knowledge.state.pending}</Badge>;
  if (vectors === "failed") return <Badge tone="bad">{t.knowledge.state.vectorsFailed}</Badge>;
  if (vectors === "pending") return <Badge tone="warn">{fill(t.knowledge.state.vectors, { n: number(chunks_done), of: number(chunks) })}</Badge>;
  return <Badge tone="good">{t.knowledge.state.ready}</Badge>;
};

export const Documents = () => {
  const t = useTexts();
  const search = useCell(route).query.get("search") || undefined;
  const pages = usePages<Document>("/documents", { limit: 50, search });
  const [isWriting, write] = useState(false);
  const [deleted, remove] = useState<Document>();
  const news = useCell(arrived);
  const seen = useRef(news);
  useEffect(() => {
    if (seen.current !== news) pages.again();
    seen.current = news;
  }, [news]);
  useWatch(pages.items, (one) => pages.change((items) => items.map((item) => (item.id === one.id ? one : item))));
  return (
    <Screen
      title={t.knowledge.title}
      lead={t.knowledge.lead}
      actions={
        <>
          <LinkButton href={to("knowledge", "search")} icon="search">
            {t.knowledge.search}
          </LinkButton>
          <LinkButton href={to("knowledge", "connectors")} icon="globe">
            {t.connectors.open}
          </LinkButton>
          <Button icon="add" press={() => write(true)}>
            {t.knowledge.write}
          </Button>
        </>
      }
    >
      <Drop />
      <Uploads />
      <Card title={t.knowledge.documents} actions={pages.items?.some(hasFailed) && <RetryAll again={pages.again} />}>
        {(search !== undefined || Boolean(pages.items?.length)) && (
          <div class="line filters" role="search">
            <Typed name="search" label={t.knowledge.find} />
          </div>
        )}
        <Listed
          pages={pages}
          label={t.knowledge.documents}
          keyOf={({ id }) => id}
          empty={
            search === undefined ? (
              <Empty icon="book" title={t.knowledge.emptyTitle}>
                {t.knowledge.empty}
              </Empty>
            ) : (
              <Empty icon="search" title={t.knowledge.noneTitle}>
                {t.knowledge.none}
              </Empty>
            )
          }
          columns={[
            {
              head: t.knowledge.name,
              cell: (one) => (
                <a href={to("knowledge", one.id)} dir="auto">
                  {one.title}
                </a>
              ),
            },
            { head: t.knowledge.stands, cell: (one) => <State document={one} /> },
            { head: t.knowledge.passages, kind: "number", cell: (one) => number(one.chunks) },
            { head: t.knowledge.size, kind: "extra", cell: (one) => (one.size == null ? "–" : bytes(one.size)) },
            { head: t.knowledge.added, kind: "extra", cell: (one) => <span title={moment(one.created_at)}>{day(one.created_at)}</span> },
            { head: t.delete, kind: "actions", cell: (one) => <IconButton icon="trash" label={fill(t.knowledge.deleteOf, { name: one.title })} press={() => remove(one)} /> },
          ]}
        />
      </Card>
      {isWriting && <WriteDialog close={() => write(false)} done={pages.again} />}
      {deleted && (
        <DeleteDialog
          document={deleted}
          close={() => remove(undefined)}
          done={() => pages.change((items) => items.filter(({ id }) => id !== deleted.id))}
        />
      )}
    </Screen>
  );
};

/** Looks after those that something is still done with, a few at a time, until it is over. */
const useWatch = (items: Document[] | undefined, changed: (document: Document) => void) => {
  const working = (items ?? []).filter(isWorking).slice(0, 10);
  const names = working.map(({ id }) => id).join();
  useEffect(() => {
    if (!names) return;
    const stop = new AbortController();
    const timer = setInterval(() => {
      for (const id of names.split(",")) {
        call<Document>("GET", `/documents/${id}`, { signal: stop.signal }).then(changed, () => {
          // It is looked at again in a moment; what does not work then, the list says when it is loaded.
        });
      }
    }, 2000);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [names]);
};

export const DeleteDialog = ({ document, close, done }: { document: Document; close: () => void; done: () => void }) => {
  const t = useTexts();
  return (
    <FormDialog
      title={fill(t.knowledge.deleteOf, { name: document.title })}
      kind="danger"
      action={t.delete}
      close={close}
      send={async () => {
        await call("DELETE", `/documents/${document.id}`);
        done();
        say(fill(t.knowledge.deleted, { name: document.title }));
      }}
    >
      <p class="lead">{t.knowledge.deleteLead}</p>
    </FormDialog>
  );
};
