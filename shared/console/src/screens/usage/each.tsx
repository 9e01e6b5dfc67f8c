import type { components } from "parlance-client";
import { useDeed, useLoad } from "../../call.js";
import { LimitFields, limitsOf, useLimits, type Limits } from "../../kit/limits.js";
import { SaveForm } from "../../kit/save.js";
import { say } from "../../kit/say.js";
import { Card, Loading } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";

type Schemas = components["schemas"];

interface Props<T> {
  title: string;
  lead: string;
  path: string;
  /** Which of what is told there are set here, and what is sent of them. */
  of: (told: T) => Limits;
  body: (limits: Limits) => unknown;
  /** What the service calls them where it refuses some. */
  name?: string;
  changed?: () => void;
}

const LimitsCard = <T,>({ title, lead, path, of, body, name, changed }: Props<T>) => {
  const t = useTexts();
  const limits = useLoad<T>(path);
  const form = useLimits(limits.data && of(limits.data));
  const save = useDeed(async () => {
    await limits.change(body(limitsOf(form.now)), { method: "PUT" });
    form.discard();
    changed?.();
    say(t.saved);
  });
  return (
    <Card title={title} lead={lead}>
      <Trouble error={limits.error} again={limits.again} />
      {!limits.data && !limits.error && <Loading />}
      {limits.data && (
        <SaveForm save={save} form={form} labels={t.limits} reread={limits.again}>
          <LimitFields form={form} error={save.error} of={name} />
        </SaveForm>
      )}
    </Card>
  );
};

/** What each of the organisation's people may ask and spend: for its administrators to set. */
export const EachUser = ({ changed }: { changed: () => void }) => {
  const t = useTexts();
  return (
    <LimitsCard<Schemas["TenantLimits"]>
      title={t.limits.each}
      lead={t.limits.eachLead}
      path="/tenants/current/limits"
      of={({ users }) => users}
      body={(users) => ({ users })}
      name="users"
      changed={changed}
    />
  );
};

/** What one of them may ask and spend, where that is something else. */
export const OneUser = ({ id }: { id: string }) => {
  const t = useTexts();
  return <LimitsCard<Schemas["UserLimits"]> title={t.limits.one} lead={t.limits.oneLead} path={`/admin/users/${id}/limits`} of={({ limits }) => limits} body={(limits) => limits} />;
};
