import type { components } from "parlance-client";
import { useEffect, useState } from "preact/hooks";
import { call, ifMatch, tagged, useDeed, usePages } from "../../call.js";
import { Button } from "../../kit/button.js";
import { Text } from "../../kit/field.js";
import { Card, Loading } from "../../kit/screen.js";
import { More } from "../../kit/table.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { ago, fill, moment, money, number } from "../../words.js";
import { Cited } from "../playground/cited.js";

type Schemas = components["schemas"];
type Question = Schemas["RehearsalQuestion"];
type Answer = Schemas["RehearsedAnswer"];
type Kept = Schemas["RehearsalVerdictKept"];
const SIDES = ["now", "changed"] as const;
const VERDICTS = ["now", "same", "changed"] as const;
/** So many at once. */
const PAGE = 10;

/** Each question with both answers, and which of them somebody found better. */
export const Questions = ({ path, done, again }: { path: string; done: number; again: () => void }) => {
  const t = useTexts();
  const pages = usePages<Question>(`${path}/questions`, { limit: PAGE });
  const { items, error } = pages;
  // What is answered meanwhile is shown, unless somebody is further down by now.
  useEffect(() => {
    if (items && items.length <= PAGE) pages.again();
  }, [done]);
  return (
    <Card title={t.rehearsals.answers} lead={t.rehearsals.answersLead}>
      {!items && !error && <Loading lines={6} />}
      {items?.length === 0 && <p class="hint">{t.rehearsals.noneLeft}</p>}
      <ol class="rehearsed">
        {items?.map((one) => (
          <Shown
            key={one.message_id}
            question={one}
            path={path}
            changed={(now) => {
              pages.change((all) => all.map((other) => (other.message_id === now.message_id ? now : other)));
              again();
            }}
          />
        ))}
      </ol>
      <Trouble error={error} again={items ? pages.more : pages.again} />
      {!error && <More pages={pages} />}
    </Card>
  );
};

const Shown = ({ question, path, changed }: { question: Question; path: string; changed: (now: Question) => void }) => {
  const t = useTexts();
  const [comment, write] = useState<string>();
  /** What somebody else has found meanwhile. */
  const [other, tell] = useState<Kept>();
  const { judgement } = question;
  const set = useDeed(async (verdict: Question["verdict"] | undefined, comment: string) => {
    const said = { verdict: verdict ?? null, comment: (verdict && comment.trim()) || null };
    const at = `${path}/questions/${question.message_id}/verdict`;
    const { data: kept, tag } = await tagged<Kept>("GET", at);
    if ((kept.verdict ?? null) !== (question.verdict ?? null) || (kept.comment ?? null) !== (question.comment ?? null)) {
      tell(kept);
      write(comment);
      changed({ ...question, ...kept });
      return;
    }
    await call("PUT", at, { body: said, headers: ifMatch(tag) });
    tell(undefined);
    write(undefined);
    changed({ ...question, ...said });
  });
  const kept = question.comment ?? "";
  return (
    <li>
      <h3 dir="auto">{question.question}</h3>
      <p class="small" title={moment(question.asked_at)}>
        {ago(question.asked_at)}
      </p>
      <div class="sides">
        {SIDES.map((side) => (
          <Side key={side} name={t.rehearsals[side]} answer={question[side] ?? undefined} />
        ))}
      </div>
      {judgement && (
        <p class="judgement" dir="auto">
          <strong>{t.rehearsals.judge}:</strong> {judgement.verdict ? t.rehearsals.verdicts[judgement.verdict] : judgement.error} {judgement.reason}
        </p>
      )}
      {question.now && question.changed && (
        <>
          <div class="verdicts" role="group" aria-label={t.rehearsals.verdict}>
            {VERDICTS.map((verdict) => (
              <button
                key={verdict}
                type="button"
                class="button"
                aria-pressed={question.verdict === verdict}
                onClick={() => void set.run(question.verdict === verdict ? null : verdict, comment ?? kept)}
              >
                {t.rehearsals.verdicts[verdict]}
              </button>
            ))}
          </div>
          {question.verdict && (
            <form
              class="line"
              onSubmit={(event) => {
                event.preventDefault();
                void set.run(question.verdict, comment ?? kept);
              }}
            >
              <Text label={t.rehearsals.why} isBare placeholder={t.rehearsals.why} value={comment ?? kept} set={write} />
              <Button isSubmit isBusy={set.isBusy} isOff={(comment ?? kept) === kept}>
                {t.save}
              </Button>
            </form>
          )}
        </>
      )}
      {other && (
        <p class="fault" role="alert" dir="auto">
          {fill(t.rehearsals.otherVerdict, { verdict: other.verdict ? t.rehearsals.verdicts[other.verdict] : "–" })} {other.comment}
        </p>
      )}
      <Trouble error={set.error} />
    </li>
  );
};

const Side = ({ name, answer }: { name: string; answer: Answer | undefined }) => {
  const t = useTexts();
  return (
    <div role="group" aria-label={name}>
      <h4>{name}</h4>
      {!answer && <p class="hint">{t.rehearsals.notYet}</p>}
      {answer?.error && (
        <p class="fault" dir="auto">
          {answer.error}
        </p>
      )}
      {answer?.status === "complete" && (
        <Cited text={answer.content} sources={answer.sources} title={fill(t.rehearsals.sources, { n: number(answer.sources.length) })}>
          <p class="small facts">
            <span>{answer.model}</span>
            <span>{fill(t.playground.tokens, { in: number(answer.prompt_tokens), out: number(answer.completion_tokens) })}</span>
            <span>{money(answer.cost)}</span>
            <span>{fill(t.rehearsals.seconds, { n: number(answer.millis / 1000, 1) })}</span>
          </p>
          {answer.sources.length === 0 && <p class="hint">{t.rehearsals.withoutSource}</p>}
        </Cited>
      )}
    </div>
  );
};
