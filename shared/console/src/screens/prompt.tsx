import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { useDeed, useLoad, type Loaded } from "../call.js";
import { Button, LinkButton } from "../kit/button.js";
import { Area, faultOf } from "../kit/field.js";
import { useForm } from "../kit/form.js";
import { SaveForm } from "../kit/save.js";
import { Card, Loading, Screen } from "../kit/screen.js";
import { say } from "../kit/say.js";
import { Trouble } from "../kit/trouble.js";
import { Icon } from "../icons.js";
import { useTexts } from "../preferences.js";
import { to } from "../route.js";
import { fill, number } from "../words.js";
import type { ScreenProps } from "./index.js";
import { Difference } from "./prompt/difference.js";
import { Keys } from "./prompt/keys.js";
import { Model } from "./prompt/model.js";
import { Vectors } from "./prompt/vectors.js";
import { Versions } from "./prompt/versions.js";

type Tenant = components["schemas"]["Tenant"];

/** What the assistant is told, who answers, and with which key. */
export const Prompt = (_: ScreenProps) => {
  const t = useTexts();
  const tenant = useLoad<Tenant>("/tenants/current");
  return (
    <Screen title={t.prompt.title} lead={t.prompt.lead} actions={<LinkButton href={to("playground")} icon="chat">{t.prompt.tryIt}</LinkButton>}>
      <Trouble error={tenant.error} again={tenant.again} />
      {!tenant.data && !tenant.error && <Loading lines={8} />}
      {tenant.data && <Loadable tenant={tenant} data={tenant.data} />}
    </Screen>
  );
};

const Loadable = ({ tenant, data }: { tenant: Loaded<Tenant>; data: Tenant }) => (
  <>
    <Warnings tenant={data} />
    <System tenant={data} loaded={tenant} />
    <Model tenant={data} loaded={tenant} />
    <Vectors tenant={data} loaded={tenant} />
    <Keys changed={tenant.again} />
  </>
);

const Warnings = ({ tenant }: { tenant: Tenant }) => (
  <>
    {tenant.warnings.map(({ code, setting, detail }) => (
      <div key={code + setting} class="trouble calm" role="note">
        <Icon name="alert" />
        <div class="said">
          <p>{detail}</p>
          <p class="small">
            <code>{code}</code> · <code>{setting}</code>
          </p>
        </div>
      </div>
    ))}
  </>
);

const System = ({ tenant, loaded }: { tenant: Tenant; loaded: Loaded<Tenant> }) => {
  const t = useTexts();
  const form = useForm({ system: tenant.system_prompt }, "prompt");
  const text = form.now.system;
  const [isCompared, compare] = useState(false);
  const save = useDeed(async () => {
    const saved = await loaded.change({ system_prompt: text });
    form.discard();
    compare(false);
    say(fill(t.prompt.saved, { n: saved.prompt_version }));
  });
  return (
    <Card title={t.prompt.system} lead={t.prompt.systemLead}>
      <SaveForm
        save={save}
        form={form}
        labels={t.prompt}
        reread={() => (loaded.again(), compare(true))}
        buttons={
          <Button kind="quiet" press={() => compare(!isCompared)}>
            {isCompared ? t.prompt.hideDifference : t.prompt.difference}
          </Button>
        }
      >
        <Area label={t.prompt.system} isBare rows={10} value={text} set={form.set("system")} fault={faultOf(save.error, "system_prompt")} hint={fill(t.prompt.length, { n: number([...text].length) })} />
        {isCompared && form.isChanged && <Difference before={tenant.system_prompt} after={text} />}
      </SaveForm>
      <Versions current={tenant} loaded={loaded} />
    </Card>
  );
};
