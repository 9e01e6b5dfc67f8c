import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { usePages } from "../../call.js";
import { Button, LinkButton } from "../../kit/button.js";
import { Markdown } from "../../kit/markdown.js";
import { Card, Loading, Screen } from "../../kit/screen.js";
import { Badge, More } from "../../kit/table.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { to } from "../../route.js";
import { moment } from "../../words.js";
import { WriteDialog } from "../knowledge/write.js";
import { SourceShown } from "../playground/sources.js";

type Message = components["schemas"]["SharedMessage"];

/** One conversation, as it was: what was asked, what was answered and of what, and what was thought of it. */
export const ConversationScreen = ({ id }: { id: string }) => {
  const t = useTexts();
  const pages = usePages<Message>(`/admin/conversations/${encodeURIComponent(id)}/messages`, { limit: 50 });
  const [written, write] = useState<string>();
  const { items, error, more, again } = pages;
  return (
    <Screen title={t.conversations.one} lead={t.conversations.oneLead} up={{ href: to("conversations"), label: t.conversations.title }}>
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
      {content && <Markdown text={content} sources={sources.length} />}
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
      {sources.length > 0 && (
        <details class="more-of">
          <summary>{t.playground.sources}</summary>
          <ol class="passages">
            {sources.map((source, nth) => (
              <SourceShown key={source.chunk_id} source={source} number={nth + 1} />
            ))}
          </ol>
        </details>
      )}
    </Card>
  );
};
