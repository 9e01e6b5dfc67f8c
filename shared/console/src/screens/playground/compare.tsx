import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, useDeed, useLoad, type Deed, type Loaded } from "../../call.js";
import { Button, LinkButton } from "../../kit/button.js";
import { FormDialog } from "../../kit/dialog.js";
import { useDraft } from "../../kit/draft.js";
import { Area, faultOf } from "../../kit/field.js";
import { say } from "../../kit/say.js";
import { Card, Loading, Screen } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { to } from "../../route.js";
import { Difference } from "../prompt/difference.js";
import { SettingFields } from "../rehearsals/fields.js";
import { changesOf, formOf, type Form } from "../rehearsals/form.js";
import { Answer } from "./answer.js";
import { TRIALS, type Tried } from "./parts.js";

type Tenant = components["schemas"]["Tenant"];
const SIDES = ["a", "b"] as const;

/** One question, answered twice: by prompts, models or searches that differ. */
export const Compare = () => {
  const t = useTexts();
  const tenant = useLoad<Tenant>("/tenants/current");
  return (
    <Screen
      title={t.compare.title}
      lead={t.compare.lead}
      up={{ href: to("playground"), label: t.playground.title }}
      actions={
        <LinkButton href={to("rehearsals", "new")} icon="compare">
          {t.compare.rehearse}
        </LinkButton>
      }
      isWide
    >
      <Trouble error={tenant.error} again={tenant.again} />
      {!tenant.data && !tenant.error && <Loading lines={8} />}
      {tenant.data && <Both tenant={tenant.data} loaded={tenant} />}
    </Screen>
  );
};

interface Side {
  prompt: string;
  write: (prompt: string) => void;
  form: Form;
  setForm: (form: Form) => void;
  changes: Record<string, unknown>;
  answer: Tried | undefined;
  ask: Deed<[question: string]>;
  reset: () => void;
}

const useSide = (name: string, tenant: Tenant): Side => {
  const [prompt, write, forget] = useDraft(`compare-${name}`, tenant.system_prompt);
  const before = formOf(tenant);
  const [typed, setForm] = useState<Form>();
  const [answer, show] = useState<Tried>();
  const form = typed ?? before;
  const changes = { ...(prompt !== tenant.system_prompt && { system_prompt: prompt }), ...changesOf(form, before) };
  const ask = useDeed(async (question: string) => {
    show(undefined);
    show(await call<Tried>("POST", TRIALS, { body: { question, settings: changes } }));
  });
  const reset = () => {
    forget();
    setForm(undefined);
  };
  return { prompt, write, form, setForm, changes, answer, ask, reset };
};

const Both = ({ tenant, loaded }: { tenant: Tenant; loaded: Loaded<Tenant> }) => {
  const t = useTexts();
  const [question, setQuestion] = useDraft("compare-question", "");
  const sides = [useSide("a", tenant), useSide("b", tenant)] as const;
  const isBusy = sides.some(({ ask }) => ask.isBusy);
  const send = () => {
    const text = question.trim();
    if (text && !isBusy) for (const { ask } of sides) void ask.run(text);
  };
  return (
    <>
      <Card>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <Area label={t.compare.question} rows={2} value={question} set={setQuestion} fault={sides.map(({ ask }) => faultOf(ask.error, "question")).find(Boolean)} />
          <div class="buttons">
            <Button kind="strong" icon="send" isSubmit isBusy={isBusy} isOff={!question.trim()}>
              {t.compare.ask}
            </Button>
          </div>
        </form>
      </Card>
      <div class="sides compared">
        {sides.map((side, nth) => (
          <SideShown key={SIDES[nth]} name={t.compare.sides[SIDES[nth]!]} side={side} tenant={tenant} loaded={loaded} />
        ))}
      </div>
    </>
  );
};

const SideShown = ({ name, side, tenant, loaded }: { name: string; side: Side; tenant: Tenant; loaded: Loaded<Tenant> }) => {
  const t = useTexts();
  const [asks, asked] = useState(false);
  const isChanged = Object.keys(side.changes).length > 0;
  return (
    <div role="group" aria-label={name}>
      <h2>{name}</h2>
      <p class="hint">{isChanged ? t.compare.changed : t.compare.asNow}</p>
      <Area label={t.prompt.system} rows={5} value={side.prompt} set={side.write} fault={faultOf(side.ask.error, "settings.system_prompt")} />
      <SettingFields form={side.form} set={side.setForm} error={side.ask.error} />
      {isChanged && (
        <div class="buttons">
          <Button press={side.reset}>{t.discard}</Button>
          <Button press={() => asked(true)}>{t.compare.keep}</Button>
        </div>
      )}
      <Trouble error={side.ask.error} />
      {side.ask.isBusy && (
        <p class="dots" role="status" aria-label={t.playground.working}>
          <i />
          <i />
          <i />
        </p>
      )}
      {side.answer && <Answer tried={side.answer} />}
      {asks && (
        <FormDialog
          title={t.compare.keepTitle}
          action={t.compare.keep}
          close={() => asked(false)}
          isWide
          reread={loaded.again}
          send={async () => {
            await loaded.change(side.changes);
            side.reset();
            say(t.compare.kept);
          }}
        >
          <p class="lead">{t.compare.keepLead}</p>
          {side.prompt !== tenant.system_prompt && <Difference before={tenant.system_prompt} after={side.prompt} />}
        </FormDialog>
      )}
    </div>
  );
};
