import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, useDeed, usePages } from "../../call.js";
import { Button, LinkButton } from "../../kit/button.js";
import { saveAs } from "../../kit/download.js";
import { Card, Loading, Screen } from "../../kit/screen.js";
import { Badge, More } from "../../kit/table.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import type { Texts } from "../../texts/en.js";
import { to } from "../../route.js";
import { moment } from "../../words.js";
import { WriteDialog } from "../knowledge/write.js";
import { Cited } from "../playground/cited.js";

type Message = components["schemas"]["SharedMessage"];

/** One conversation, as it was: what was asked, what was answered and of what, and what was thought of it. */
export const ConversationScreen = ({ id }: { id: string }) => {
  const t = useTexts();
  const path = `/admin/conversations/${encodeURIComponent(id)}/messages`;
  const pages = usePages<Message>(path, { limit: 50 });
  const [written, write] = useState<string>();
  const { items, error, more, again } = pages;
  const save = useDeed(async () => saveAs(new Blob([await textOf(path, t)], { type: "text/markdown" }), `conversation-${id}.md`));
  return (
    <Screen
      title={t.conversations.one}
      lead={t.conversations.oneLead}
      up={{ href: to("conversations"), label: t.conversations.title }}
      actions={
        <Button icon="file" press={() => void save.run()} isBusy={save.isBusy} isOff={!items}>
          {t.conversations.save}
        </Button>
      }
    >
      <Trouble error={save.error} />
      <Trouble error={error} again={items ? more : again} />
      {!items && !error && <Loading lines={8} />}
      <ol class="said-all">
        {items?.map((message) => (
          <li key={message.id}>
            <Said message={message} write={write} />
          </li>
        ))}
      </ol>
      {!error && <More pages={pages} />}
      {written !== undefined && <WriteDialog title={written.slice(0, 200)} close={() => write(undefined)} done={() => {}} />}
    </Screen>
  );
};

/** All of it as Markdown, however much of it is on the screen. */
const textOf = async (path: string, t: Texts): Promise<string> => {
  let text = "";
  let cursor: string | null | undefined;
  do {
    const page: { items: Message[]; next_cursor: string | null } = await call("GET", path, { query: { limit: 100, cursor } });
    for (const { role, content, created_at, feedback } of page.items) {
      text += `## ${role === "user" ? t.conversations.asked : t.conversations.answered}, ${moment(created_at)}\n\n${content}\n\n`;
      if (feedback) text += `> ${[t.conversations.of[feedback.rating], feedback.comment].filter(Boolean).join(": ")}\n\n`;
    }
    cursor = page.next_cursor;
  } while (cursor);
  return text;
};

const Said = ({ message, write }: { message: Message; write: (question: string) => void }) => {
  const t = useTexts();
  const { role, content, status, error_code, sources, feedback, created_at, model } = message;
  if (role === "user") {
    return (
      <Card
        title={t.conversations.asked}
        lead={moment(created_at)}
        actions={
          <div class="rest">
            <LinkButton kind="quiet" href={`${to("knowledge", "search")}?q=${encodeURIComponent(content)}`}>
              {t.unanswered.look}
            </LinkButton>
            <Button kind="quiet" press={() => write(content)}>
              {t.unanswered.write}
            </Button>
          </div>
        }
      >
        <p class="whole" dir="auto">{content}</p>
      </Card>
    );
  }
  return (
    <Card title={t.conversations.answered} lead={[moment(created_at), model].filter(Boolean).join(" · ")}>
      <Cited text={content} sources={sources} title={t.playground.sources}>
        {status !== "complete" && (
          <p class="small">
            {status === "stopped" ? t.playground.stopped : t.playground.interrupted} {error_code && <code>{error_code}</code>}
          </p>
        )}
        {feedback && (
          <p>
            <Badge tone={feedback.rating === "up" ? "good" : "bad"}>{t.conversations.of[feedback.rating]}</Badge>{" "}
            {feedback.comment && <span dir="auto">{feedback.comment}</span>}
          </p>
        )}
      </Cited>
    </Card>
  );
};
