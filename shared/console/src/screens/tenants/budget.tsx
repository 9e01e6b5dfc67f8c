import type { components } from "parlance-client";
import { useDeed, useLoad } from "../../call.js";
import { Dialog } from "../../kit/dialog.js";
import { LimitFields, limitsOf, useLimits } from "../../kit/limits.js";
import { SaveForm } from "../../kit/save.js";
import { say } from "../../kit/say.js";
import { Loading } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { fill } from "../../words.js";

type Schemas = components["schemas"];

/** What an organisation as a whole may ask and spend. */
export const BudgetDialog = ({ tenant, close }: { tenant: Schemas["Tenant"]; close: () => void }) => {
  const t = useTexts();
  const limits = useLoad<Schemas["TenantLimits"]>(`/tenants/${tenant.id}/limits`);
  const form = useLimits(limits.data?.tenant);
  const save = useDeed(async () => {
    await limits.change({ tenant: limitsOf(form.now) }, { method: "PUT" });
    say(fill(t.limits.setSaid, { name: tenant.name }));
    close();
  });
  return (
    <Dialog title={fill(t.limits.of, { name: tenant.name })} close={close} isWide>
      <p class="lead">{t.limits.ofLead}</p>
      <Trouble error={limits.error} again={limits.again} />
      {!limits.data && !limits.error && <Loading />}
      {limits.data && (
        <SaveForm save={save} form={form} labels={t.limits} reread={limits.again}>
          <LimitFields form={form} error={save.error} of="tenant" />
        </SaveForm>
      )}
    </Dialog>
  );
};
