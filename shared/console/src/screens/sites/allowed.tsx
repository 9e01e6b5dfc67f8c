import type { components } from "parlance-client";
import { useDeed, useLoad } from "../../call.js";
import { Area, faultOf } from "../../kit/field.js";
import { useForm } from "../../kit/form.js";
import { SaveForm } from "../../kit/save.js";
import { say } from "../../kit/say.js";
import { Card, Loading } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { originsOf } from "./origins.js";

/** Whose pages may ask at all: those of websites, of frontends of the organisation's own, and of previews as long as they last. */
export const Allowed = () => {
  const t = useTexts();
  const tenant = useLoad<components["schemas"]["Tenant"]>("/tenants/current");
  const form = useForm({ allowed: tenant.data?.allowed_origins.join("\n") ?? "" });
  const save = useDeed(async () => {
    await tenant.change({ allowed_origins: originsOf(form.now.allowed) });
    form.discard();
    say(t.saved);
  });
  return (
    <Card title={t.sites.allowed} lead={t.sites.allowedLead}>
      <Trouble error={tenant.error} again={tenant.again} />
      {!tenant.data && !tenant.error && <Loading lines={2} />}
      {tenant.data && (
        <SaveForm save={save} form={form} labels={t.sites} reread={tenant.again}>
          <Area label={t.sites.allowed} isBare hint={t.sites.allowedHint} rows={4} isCode value={form.now.allowed} set={form.set("allowed")} fault={faultOf(save.error, "allowed_origins")} />
        </SaveForm>
      )}
    </Card>
  );
};
