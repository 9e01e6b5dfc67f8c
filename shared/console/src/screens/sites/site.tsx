import { useState } from "preact/hooks";
import { call, useDeed, useLoad, type Loaded } from "../../call.js";
import { Button } from "../../kit/button.js";
import { CopyField } from "../../kit/copy.js";
import { FormDialog } from "../../kit/dialog.js";
import { Area, Check, faultOf, Text } from "../../kit/field.js";
import { useForm } from "../../kit/form.js";
import { SaveForm } from "../../kit/save.js";
import { say } from "../../kit/say.js";
import { Card, Loading, Screen } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { go, to } from "../../route.js";
import { fill } from "../../words.js";
import { IsOn, type Site } from "../sites.js";
import { Identity } from "./identity.js";
import { allowOrigins, originsOf } from "./origins.js";
import { Look } from "./look.js";

/** One site: its lines for the page, how they look, and who may use them. */
export const SiteScreen = ({ id }: { id: string }) => {
  const t = useTexts();
  const loaded = useLoad<Site>(`/tenants/current/sites/${encodeURIComponent(id)}`);
  const { data, error, again } = loaded;
  const [isDeleting, remove] = useState(false);
  return (
    <Screen
      title={data?.name ?? t.sites.site}
      up={{ href: to("sites"), label: t.sites.title }}
      actions={
        data && (
          <Button icon="trash" press={() => remove(true)}>
            {t.delete}
          </Button>
        )
      }
    >
      <Trouble error={error} again={again} />
      {!data && !error && <Loading lines={6} />}
      {data && (
        <>
          <Settings site={data} loaded={loaded} />
          <Look site={data} />
          <Identity site={data} loaded={loaded} />
          <Card title={t.sites.key} lead={t.sites.keyLead}>
            <CopyField label={t.sites.key} value={data.site_key} isLong />
          </Card>
        </>
      )}
      {isDeleting && data && (
        <FormDialog
          title={fill(t.sites.deleteOf, { name: data.name })}
          kind="danger"
          action={t.delete}
          close={() => remove(false)}
          send={async () => {
            await call("DELETE", `/tenants/current/sites/${data.id}`);
            say(fill(t.sites.deleted, { name: data.name }));
            go(to("sites"));
          }}
        >
          <p class="lead">{t.sites.deleteLead}</p>
        </FormDialog>
      )}
    </Screen>
  );
};

const formOf = (site: Site) => ({
  name: site.name,
  origins: site.origins.join("\n"),
  is_on: site.is_on,
  requests: site.limits.requests_per_minute?.toString() ?? "",
  tokens: site.limits.tokens_per_day?.toString() ?? "",
  each: site.visitor_limits.requests_per_minute?.toString() ?? "",
  retention_days: `${site.retention_days}`,
});

const numberOf = (text: string) => (text === "" ? null : Number(text));

const changesOf = (now: ReturnType<typeof formOf>, site: Site) => {
  const before = formOf(site);
  const has = (name: keyof typeof before) => now[name] !== before[name];
  return {
    ...(has("name") && { name: now.name.trim() }),
    ...(has("origins") && { origins: originsOf(now.origins) }),
    ...(has("is_on") && { is_on: now.is_on }),
    ...(has("retention_days") && { retention_days: Number(now.retention_days) }),
    ...((has("requests") || has("tokens")) && { limits: { ...site.limits, requests_per_minute: numberOf(now.requests), tokens_per_day: numberOf(now.tokens) } }),
    ...(has("each") && { visitor_limits: { ...site.visitor_limits, requests_per_minute: numberOf(now.each) } }),
  };
};

const Settings = ({ site, loaded }: { site: Site; loaded: Loaded<Site> }) => {
  const t = useTexts();
  const form = useForm(formOf(site));
  const { now, set } = form;
  const changes = changesOf(now, site);
  const save = useDeed(async () => {
    if (changes.origins) await allowOrigins(changes.origins);
    await loaded.change(changes);
    form.discard();
    say(t.saved);
  });
  const count = (name: "requests" | "tokens" | "each" | "retention_days", label: string, hint: string) => (
    <Text label={label} hint={hint} type="number" min={1} value={now[name]} set={set(name)} />
  );
  const labels = { ...t.sites, is_on: t.sites.isOn, retention_days: t.sites.retention };
  return (
    <Card title={t.sites.settings} actions={<IsOn site={site} />}>
      <SaveForm save={save} form={form} labels={labels} reread={loaded.again}>
        <Text label={t.sites.name} value={now.name} set={set("name")} fault={faultOf(save.error, "name")} />
        <Area
          label={t.sites.origins}
          hint={t.sites.originsHint}
          rows={3}
          isCode
          value={now.origins}
          set={set("origins")}
          fault={faultOf(save.error, "origins") ?? faultOf(save.error, "allowed_origins")}
        />
        <Check label={t.sites.isOn} hint={t.sites.isOnHint} isOn={now.is_on} set={set("is_on")} />
        <details class="more-of">
          <summary>{t.sites.limits}</summary>
          <div class="pair">
            {count("requests", t.sites.requests, t.sites.noLimit)}
            {count("each", t.sites.each, t.sites.noLimit)}
            {count("tokens", t.sites.tokens, t.sites.noLimit)}
            {count("retention_days", t.sites.retention, t.sites.retentionHint)}
          </div>
        </details>
      </SaveForm>
    </Card>
  );
};
