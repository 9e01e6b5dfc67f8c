import type { components } from "parlance-client";
import { useEffect, useRef, useState } from "preact/hooks";
import { useLoad } from "../call.js";
import { Icon } from "../icons.js";
import { Button, IconButton, LinkButton } from "../kit/button.js";
import { Empty, Loading, Screen } from "../kit/screen.js";
import { Trouble } from "../kit/trouble.js";
import { useDraft } from "../kit/draft.js";
import { useTexts } from "../preferences.js";
import { to } from "../route.js";
import { fill, number } from "../words.js";
import { Markdown } from "../kit/markdown.js";
import type { ScreenProps } from "./index.js";
import { Compare } from "./playground/compare.js";
import { useConversation, type Turn } from "./playground/conversation.js";
import { SentWith } from "./playground/parts.js";
import { WhoReads } from "./unanswered/sharing.js";
import { Sources } from "./playground/sources.js";

type Schemas = components["schemas"];

/** Asks as the tenant's people do, and shows what the answer was made of. */
export const Playground = ({ path: [sessionId], who }: ScreenProps) => {
  const t = useTexts();
  if (sessionId === "compare" && who.isAdmin) return <Compare />;
  if (who.isGuest) {
    return (
      <Screen title={t.playground.title} lead={t.playground.lead}>
        <Empty
          icon="shield"
          title={t.playground.guest}
          action={
            <div class="buttons">
              <LinkButton href={to("knowledge", "search")} icon="search">{t.playground.guestSearch}</LinkButton>
              <CompareLink />
            </div>
          }
        >
          {t.playground.guestLead}
        </Empty>
      </Screen>
    );
  }
  return <Talk sessionId={sessionId} isAdmin={who.isAdmin} />;
};

const CompareLink = () => {
  const t = useTexts();
  return (
    <LinkButton href={to("playground", "compare")} icon="compare">
      {t.compare.open}
    </LinkButton>
  );
};

const Talk = ({ sessionId, isAdmin }: { sessionId: string | undefined; isAdmin: boolean }) => {
  const t = useTexts();
  const talk = useConversation(sessionId);
  const me = useLoad<Schemas["Me"]>("/login/me");
  const [text, setText, forget] = useDraft("question", "");
  const [chosen, choose] = useState<number>();
  const [pointed, point] = useState<number>();
  const end = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const { turns, isBusy } = talk;
  useEffect(() => {
    if (isBusy) end.current?.scrollIntoView({ block: "nearest" });
  }, [turns]);
  const shown = turns[chosen ?? turns.length - 1];
  const send = () => {
    const question = text.trim();
    if (!question || isBusy) return;
    forget();
    choose(undefined);
    point(undefined);
    void talk.ask(question);
  };
  const anew = () => {
    talk.anew();
    choose(undefined);
    field.current?.focus();
  };
  const actions = (
    <>
      {isAdmin && <CompareLink />}
      {turns.length > 0 && (
        <Button icon="anew" press={anew}>
          {t.playground.anew}
        </Button>
      )}
    </>
  );
  return (
    <Screen title={t.playground.title} lead={t.playground.lead} actions={actions} isWide>
      <div class="playground">
        <section class="talk" aria-label={t.playground.conversation}>
          <div class="log" role="log" aria-live="polite" aria-busy={isBusy}>
            {talk.isLoading && <Loading />}
            {turns.length === 0 && !talk.isLoading && !talk.error && (
              <Empty icon="chat" title={t.playground.emptyTitle}>
                {fill(t.playground.empty, { name: me.data?.tenant.name ?? "" })}
              </Empty>
            )}
            <Trouble error={talk.error} />
            {turns.map((turn, nth) => (
              <TurnShown
                key={turn.key}
                turn={turn}
                isShown={turn === shown}
                show={() => choose(nth)}
                cite={(number) => (choose(nth), point(number))}
                again={() => void talk.ask(turn.question)}
              />
            ))}
            <div ref={end} />
          </div>
          <form
            class="composer"
            onSubmit={(event) => {
              event.preventDefault();
              send();
            }}
          >
            <label class="hidden" for="question">
              {t.playground.question}
            </label>
            <textarea
              id="question"
              ref={field}
              rows={2}
              dir="auto"
              placeholder={t.playground.question}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
                event.preventDefault();
                send();
              }}
            />
            {isBusy ? (
              <IconButton icon="stop" label={t.playground.stop} press={() => void talk.stop()} />
            ) : (
              <button class="icon strong" aria-label={t.playground.send} title={t.playground.send} disabled={!text.trim()}>
                <Icon name="send" />
              </button>
            )}
          </form>
          {me.data && <WhoReads me={me.data} />}
        </section>
        <Sources sources={shown?.sources ?? []} isDone={shown?.isDone ?? false} question={shown?.error ? undefined : shown?.question} pointed={pointed}>
          {isAdmin && shown?.isDone && <SentWith key={shown.key} question={shown.question} follows={shown !== turns[0]} />}
        </Sources>
      </div>
    </Screen>
  );
};

interface TurnProps {
  turn: Turn;
  isShown: boolean;
  show: () => void;
  cite: (number: number) => void;
  again: () => void;
}

const TurnShown = ({ turn, isShown, show, cite, again }: TurnProps) => {
  const t = useTexts();
  const { question, text, sources, isDone, status, error, model, usage } = turn;
  return (
    <article class={isShown ? "turn shown" : "turn"}>
      <p class="bubble" dir="auto">
        {question}
      </p>
      <div class="answer">
        {text && <Markdown text={text} sources={sources.length} cite={cite} />}
        {!text && !isDone && (
          <p class="dots" role="status" aria-label={t.playground.working}>
            <i />
            <i />
            <i />
          </p>
        )}
        <Trouble error={error} again={again} />
        {isDone && (
          <p class="small facts">
            {status === "stopped" && <span>{t.playground.stopped}</span>}
            {status === "interrupted" && <span>{t.playground.interrupted}</span>}
            {model && <span>{model}</span>}
            {usage && (
              <span>
                {!usage.exact && "≈ "}
                {fill(t.playground.tokens, { in: number(usage.prompt_tokens), out: number(usage.completion_tokens) })}
              </span>
            )}
            {!isShown && (
              <button type="button" class="link" onClick={show}>
                {fill(t.playground.show, { n: sources.length })}
              </button>
            )}
          </p>
        )}
      </div>
    </article>
  );
};
