import type { components } from "parlance-client";
import { call, useDeed, useLoad } from "../../call.js";
import { LimitFields, limitsOf, useLimits } from "../../kit/limits.js";
import { Save } from "../../kit/save.js";
import { say } from "../../kit/say.js";
import { Card, Loading } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";

type TenantLimits = components["schemas"]["TenantLimits"];

/** What each of the organisation's people may ask and spend: for its administrators to set. */
export const EachUser = ({ changed }: { changed: () => void }) => {
  const t = useTexts();
  const limits = useLoad<TenantLimits>("/tenants/current/limits");
  const [form, set, isChanged, forget] = useLimits(limits.data?.users);
  const save = useDeed(async () => {
    await call("PUT", "/tenants/current/limits", { body: { users: limitsOf(form) } });
    forget();
    limits.again();
    changed();
    say(t.saved);
  });
  return (
    <Card title={t.limits.each} lead={t.limits.eachLead}>
      <Trouble error={limits.error} again={limits.again} />
      {!limits.data && !limits.error && <Loading />}
      {limits.data && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void save.run();
          }}
        >
          <LimitFields form={form} set={set} error={save.error} of="users" />
          <Save save={save} isChanged={isChanged} discard={forget} />
        </form>
      )}
    </Card>
  );
};
