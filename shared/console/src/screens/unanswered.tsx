import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { useLoad, usePages } from "../call.js";
import { useCell } from "../cell.js";
import { Button, LinkButton } from "../kit/button.js";
import { Choice } from "../kit/field.js";
import { Card, Empty, Loading, Screen } from "../kit/screen.js";
import { Badge, Listed } from "../kit/table.js";
import { Trouble } from "../kit/trouble.js";
import { useTexts } from "../preferences.js";
import { route, setQuery, to } from "../route.js";
import { ago, moment, number } from "../words.js";
import type { ScreenProps } from "./index.js";
import { WriteDialog } from "./knowledge/write.js";
import { Sharing } from "./unanswered/sharing.js";

type Schemas = components["schemas"];
type Question = Schemas["UnansweredQuestion"];

const LACKS = ["no_source", "thumbs_down", "refused"] as const;

/** What was not answered well: as numbers, or as questions where the organisation tells its people so. */
export const Unanswered = (_: ScreenProps) => {
  const t = useTexts();
  const lack = LACKS.find((one) => one === useCell(route).query.get("lack"));
  const counts = useLoad<Schemas["UnansweredQuestionList"]>("/admin/unanswered", { limit: 1 });
  const isShared = counts.data?.share_unanswered === true;
  return (
    <Screen title={t.unanswered.title} lead={t.unanswered.lead}>
      <Card title={t.unanswered.counts}>
        <Trouble error={counts.error} again={counts.again} />
        {!counts.data && !counts.error && <Loading />}
        {counts.data && (
          <dl class="facts-of big">
            {(["answers", ...LACKS] as const).map((one) => (
              <div key={one}>
                <dt>{t.unanswered.of[one]}</dt>
                <dd>{number(counts.data!.counts[one])}</dd>
              </div>
            ))}
          </dl>
        )}
      </Card>
      {isShared && <Questions lack={lack} />}
      {counts.data && <Sharing setting="share_unanswered" texts={t.unanswered.sharing} changed={counts.again} />}
    </Screen>
  );
};

const Questions = ({ lack }: { lack: Schemas["Lack"] | undefined }) => {
  const t = useTexts();
  const pages = usePages<Question>("/admin/unanswered", { lack, limit: 50 });
  const [asked, write] = useState<Question>();
  // What a text was written for is listed until somebody has asked it again.
  const [written, note] = useState<string[]>([]);
  return (
    <Card
      title={t.unanswered.questions}
      actions={
        <Choice
          label={t.unanswered.filter}
          isBare
          value={lack ?? ""}
          set={(lack) => setQuery({ lack })}
          options={[["", t.people.all], ...LACKS.map((one) => [one, t.unanswered.of[one]] as const)]}
        />
      }
    >
      <Listed
        pages={pages}
        label={t.unanswered.questions}
        keyOf={({ message_id }) => message_id}
        empty={
          <Empty icon="good" title={t.unanswered.emptyTitle}>
            {t.unanswered.empty}
          </Empty>
        }
        columns={[
          { head: t.unanswered.question, cell: (one) => <span dir="auto">{one.question}</span> },
          {
            head: t.unanswered.lacks,
            cell: (one) => (
              <>
                {written.includes(one.message_id) && <Badge tone="good">{t.unanswered.written}</Badge>}
                {one.lacks.map((lack) => (
                  <Badge key={lack} tone={lack === "refused" ? "bad" : "warn"}>
                    {t.unanswered.of[lack]}
                  </Badge>
                ))}
                {one.feedback?.comment && <span class="small" dir="auto"> {one.feedback.comment}</span>}
              </>
            ),
          },
          { head: t.unanswered.when, kind: "extra", cell: (one) => <span class="nowrap" title={moment(one.created_at)}>{ago(one.created_at)}</span> },
          {
            head: t.unanswered.deeds,
            kind: "actions",
            cell: (one) => (
              <>
                <LinkButton kind="quiet" href={`${to("knowledge", "search")}?q=${encodeURIComponent(one.question)}`}>
                  {t.unanswered.look}
                </LinkButton>
                <Button kind="quiet" press={() => write(one)}>
                  {t.unanswered.write}
                </Button>
              </>
            ),
          },
        ]}
      />
      {asked && <WriteDialog title={asked.question.slice(0, 200)} close={() => write(undefined)} done={() => note([...written, asked.message_id])} />}
    </Card>
  );
};
