import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, useDeed, useLoad } from "../../call.js";
import { Button } from "../../kit/button.js";
import { useDraft } from "../../kit/draft.js";
import { Area, Choice, faultOf, Text } from "../../kit/field.js";
import { Card, Loading, Screen } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { go, to } from "../../route.js";
import { Difference } from "../prompt/difference.js";
import { PATH, type Rehearsal } from "../rehearsals.js";
import { SettingFields } from "./fields.js";
import { changesOf, formOf, type Form } from "./form.js";

type Tenant = components["schemas"]["Tenant"];
const SAMPLES = ["thumbs_down", "unanswered", "random", "latest"] as const;

/** What is to be tried, on which questions, and what that may cost. */
export const NewRehearsal = () => {
  const t = useTexts();
  const tenant = useLoad<Tenant>("/tenants/current");
  return (
    <Screen title={t.rehearsals.begin} lead={t.rehearsals.beginLead} up={{ href: to("rehearsals"), label: t.rehearsals.title }}>
      <Trouble error={tenant.error} again={tenant.again} />
      {!tenant.data && !tenant.error && <Loading lines={8} />}
      {tenant.data && <Fields tenant={tenant.data} />}
    </Screen>
  );
};

/** The moment at which a day begins that somebody chose, or the one after it. */
const dayAt = (day: string, isAfter = false): string | undefined => {
  if (!day) return undefined;
  const at = new Date(`${day}T00:00:00`);
  if (isAfter) at.setDate(at.getDate() + 1);
  return at.toISOString();
};

const Fields = ({ tenant }: { tenant: Tenant }) => {
  const t = useTexts();
  const [prompt, write, forget] = useDraft("rehearsal", tenant.system_prompt);
  const before = formOf(tenant);
  const [form, setForm] = useState<Form>(before);
  const [sample, setSample] = useState<(typeof SAMPLES)[number]>("thumbs_down");
  const [asked, setAsked] = useState({ from: "", to: "", questions: "50", budget: "0.50", provider: "", model: "" });
  const changes = { ...(prompt !== tenant.system_prompt && { system_prompt: prompt }), ...changesOf(form, before) };
  const begin = useDeed(async () => {
    const judge = asked.provider.trim() ? { provider: asked.provider.trim(), model: asked.model.trim() || null } : null;
    const { id } = await call<Rehearsal>("POST", PATH, {
      body: { settings: changes, sample, from: dayAt(asked.from), to: dayAt(asked.to, true), questions: Number(asked.questions), judge, budget: asked.budget.trim() },
    });
    forget();
    go(to("rehearsals", id));
  });
  const field = (name: keyof typeof asked, label: string, more: { type?: "number" | "date"; min?: number; max?: number; hint?: string; isCode?: boolean } = {}, at: string = name) => (
    <Text label={label} value={asked[name]} set={(value) => setAsked({ ...asked, [name]: value })} fault={faultOf(begin.error, at)} {...more} />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void begin.run();
      }}
    >
      <Card title={t.rehearsals.tried} lead={t.rehearsals.triedLead}>
        <Area label={t.prompt.system} rows={8} value={prompt} set={write} fault={faultOf(begin.error, "settings.system_prompt")} />
        {prompt !== tenant.system_prompt && <Difference before={tenant.system_prompt} after={prompt} />}
        <SettingFields form={form} set={setForm} error={begin.error} />
      </Card>
      <Card title={t.rehearsals.on} lead={t.rehearsals.onLead}>
        <div class="pair">
          <Choice
            label={t.rehearsals.sample}
            value={sample}
            set={setSample}
            fault={faultOf(begin.error, "sample")}
            options={SAMPLES.map((one) => [one, t.rehearsals.samples[one]] as const)}
          />
          {field("questions", t.rehearsals.most, { type: "number", min: 1, max: 100 })}
          {field("from", t.rehearsals.from, { type: "date", hint: t.rehearsals.fromHint })}
          {field("to", t.rehearsals.to, { type: "date" })}
        </div>
      </Card>
      <Card title={t.rehearsals.cost} lead={t.rehearsals.costLead}>
        <div class="pair">
          {field("budget", t.rehearsals.budget, { hint: t.rehearsals.budgetHint })}
          <div />
          {field("provider", t.rehearsals.judge, { isCode: true, hint: t.rehearsals.judgeHint }, "judge.provider")}
          {field("model", t.rehearsals.judgeModel, { isCode: true }, "judge.model")}
        </div>
        <Trouble error={begin.error} />
        <div class="buttons">
          <Button kind="strong" isSubmit isBusy={begin.isBusy} isOff={Object.keys(changes).length === 0}>
            {t.rehearsals.begin}
          </Button>
        </div>
      </Card>
    </form>
  );
};
