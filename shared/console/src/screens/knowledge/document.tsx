import type { components } from "parlance-client";
import { useEffect, useState } from "preact/hooks";
import { call, useDeed, useLoad, usePages, type Loaded } from "../../call.js";
import { Button, LinkButton } from "../../kit/button.js";
import { download } from "../../kit/download.js";
import { Facts } from "../../kit/facts.js";
import { say } from "../../kit/say.js";
import { Card, Loading, Screen } from "../../kit/screen.js";
import { More } from "../../kit/table.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { go, to } from "../../route.js";
import { bytes, fill, moment, number } from "../../words.js";
import { placeOf } from "../playground/sources.js";
import { Groups } from "./groups.js";
import { DeleteDialog, isWorking, State, type Document } from "./list.js";
import { PickFile, ReplaceDialog } from "./replace.js";
import { Told } from "./told.js";
import { CorrectDialog } from "./write.js";

/** One document: how it stands, what can be done with it, and how it was cut. */
export const DocumentScreen = ({ id }: { id: string }) => {
  const t = useTexts();
  const loaded = useLoad<Document>(`/documents/${encodeURIComponent(id)}`);
  const { data, error, again } = loaded;
  /** The version that another one is to follow. */
  const [awaited, setAwaited] = useState<number>();
  const isAwaited = data !== undefined && awaited === data.version && !data.error;
  useEffect(() => {
    if (!data || !(isWorking(data) || isAwaited)) return;
    const timer = setTimeout(again, 2000);
    return () => clearTimeout(timer);
  }, [data, isAwaited]);
  return (
    <Screen title={data?.title ?? t.knowledge.document} up={{ href: to("knowledge"), label: t.knowledge.title }} actions={data && <Deeds document={data} loaded={loaded} replaced={setAwaited} />}>
      <Trouble error={error} again={again} />
      {!data && !error && <Loading lines={6} />}
      {data && (
        <>
          <Standing document={data} again={again} isAwaited={isAwaited} />
          {data.connector_id ? <Followed connector={data.connector_id} /> : <Groups document={data} loaded={loaded} />}
          <Told document={data} loaded={loaded} />
          <Passages key={`${data.version} ${data.chunks}`} document={data} />
        </>
      )}
    </Screen>
  );
};

const Deeds = ({ document, loaded, replaced }: { document: Document; loaded: Loaded<Document>; replaced: (version: number) => void }) => {
  const t = useTexts();
  const [isDeleting, remove] = useState(false);
  const [text, correct] = useState<string>();
  const [file, replace] = useState<File>();
  const isText = document.file_name == null;
  const read = useDeed(async () => correct((await call<string | undefined>("GET", `/documents/${document.id}/text`)) ?? ""));
  const take = useDeed(async () => {
    await download(`/documents/${document.id}/file`, {}, document.file_name ?? "file");
  });
  return (
    <>
      {!document.connector_id && <PickFile pick={replace} />}
      {isText && !document.connector_id && (
        <Button icon="edit" press={() => void read.run()} isBusy={read.isBusy} isOff={document.status !== "ready"}>
          {t.knowledge.correct}
        </Button>
      )}
      {!isText && (
        <Button icon="file" press={() => void take.run()} isBusy={take.isBusy}>
          {t.knowledge.takeFile}
        </Button>
      )}
      {!document.connector_id && (
        <Button icon="trash" press={() => remove(true)}>
          {t.delete}
        </Button>
      )}
      <Trouble error={read.error ?? take.error} />
      {text !== undefined && <CorrectDialog document={document} text={text} loaded={loaded} reread={() => void read.run()} close={() => correct(undefined)} />}
      {file && <ReplaceDialog document={document} file={file} loaded={loaded} close={() => replace(undefined)} done={() => replaced(document.version)} />}
      {isDeleting && <DeleteDialog document={document} close={() => remove(false)} done={() => go(to("knowledge"))} />}
    </>
  );
};

/** What follows a source is changed and deleted there: the next reading would undo anything else. */
const Followed = ({ connector }: { connector: string }) => {
  const t = useTexts();
  return (
    <Card title={t.connectors.followed} lead={t.connectors.followedLead}>
      <LinkButton href={to("knowledge", "connectors", connector)} icon="globe">
        {t.connectors.toSource}
      </LinkButton>
    </Card>
  );
};

const Standing = ({ document, again, isAwaited }: { document: Document; again: () => void; isAwaited: boolean }) => {
  const t = useTexts();
  const { error, chunks, chunks_done, vectors, pages, size, language, media_type, file_name, source_url, version, created_at } = document;
  const retry = useDeed(async () => {
    await call("POST", `/documents/${document.id}/retry`);
    say(t.knowledge.retried);
    again();
  });
  const cancel = useDeed(async () => {
    await call("POST", `/documents/${document.id}/cancel`);
    say(t.knowledge.cancelled);
    again();
  });
  const hasFailed = document.status === "failed" || vectors === "failed";
  const facts: [string, string | undefined][] = [
    [t.knowledge.added, moment(created_at)],
    [t.knowledge.file, file_name ?? undefined],
    [t.knowledge.kind, media_type ?? undefined],
    [t.knowledge.size, size == null ? undefined : bytes(size)],
    [t.knowledge.pages, pages == null ? undefined : number(pages)],
    [t.knowledge.language, language ?? undefined],
    [t.knowledge.address, source_url ?? undefined],
    [t.knowledge.version, version > 1 ? number(version) : undefined],
  ];
  return (
    <Card title={t.knowledge.stands} actions={<State document={document} />}>
      {error && (
        <div class={hasFailed ? "trouble" : "trouble calm"} role="note">
          <p class="said" dir="auto">
            {error}
          </p>
          {hasFailed && (
            <Button press={() => void retry.run()} isBusy={retry.isBusy}>
              {t.again}
            </Button>
          )}
        </div>
      )}
      {isAwaited && (
        <div class="working">
          <progress aria-label={t.knowledge.awaited} />
          <p class="hint">{t.knowledge.awaited}</p>
        </div>
      )}
      {isWorking(document) && (
        <div class="working">
          <progress {...(vectors === "pending" && chunks > 0 && { value: chunks_done, max: chunks })} aria-label={t.knowledge.stands} />
          <p class="hint">{t.knowledge.workingHint}</p>
          <Button kind="quiet" press={() => void cancel.run()} isBusy={cancel.isBusy}>
            {t.knowledge.cancel}
          </Button>
        </div>
      )}
      <Trouble error={retry.error ?? cancel.error} />
      <Facts of={facts} />
    </Card>
  );
};

const Passages = ({ document }: { document: Document }) => {
  const t = useTexts();
  const isThere = document.chunks > 0;
  const pages = usePages<components["schemas"]["DocumentChunk"]>(isThere ? `/documents/${document.id}/chunks` : undefined, { limit: 20 });
  return (
    <Card
      title={t.knowledge.cut}
      lead={fill(t.knowledge.cutLead, { n: number(document.chunks) })}
      actions={<LinkButton href={to("knowledge", "search")} icon="search">{t.knowledge.search}</LinkButton>}
    >
      {!isThere && <p class="hint">{t.knowledge.noPassages}</p>}
      <ol class="passages">
        {pages.items?.map((one) => (
          <li key={one.id} class="source">
            <div class="head">
              <span class="cite">{one.ordinal}</span>
              <span class="small" dir="auto">
                {placeOf(one, t.playground.page)}
              </span>
            </div>
            <p class="whole" dir="auto">
              {one.text}
            </p>
          </li>
        ))}
      </ol>
      {isThere && !pages.items && !pages.error && <Loading />}
      <Trouble error={pages.error} again={pages.again} />
      <More pages={pages} />
    </Card>
  );
};
