import type { components } from "parlance-client";
import { call, useLoad } from "../../call.js";
import { FormDialog } from "../../kit/dialog.js";
import { LimitFields, limitsOf, useLimits } from "../../kit/limits.js";
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
  const [form, set, isChanged] = useLimits(limits.data?.tenant);
  const send = async () => {
    await call("PUT", `/tenants/${tenant.id}/limits`, { body: { tenant: limitsOf(form) } });
    say(fill(t.limits.setSaid, { name: tenant.name }));
  };
  return (
    <FormDialog title={fill(t.limits.of, { name: tenant.name })} close={close} action={t.save} send={send} isReady={isChanged} isWide>
      <p class="lead">{t.limits.ofLead}</p>
      <Trouble error={limits.error} again={limits.again} />
      {!limits.data && !limits.error && <Loading />}
      {limits.data && <LimitFields form={form} set={set} error={undefined} of="tenant" />}
    </FormDialog>
  );
};
