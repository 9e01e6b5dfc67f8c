import type { components } from "parlance-client";
import { call, useDeed, useLoad } from "../../call.js";
import { Button } from "../../kit/button.js";
import { Dialog } from "../../kit/dialog.js";
import { say } from "../../kit/say.js";
import { Loading } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import type { Rehearsal } from "../rehearsals.js";
import { Changes } from "./changes.js";

interface Props {
  rehearsal: Rehearsal;
  path: string;
  close: () => void;
  again: () => void;
}

/** Makes what was tried the organisation's own, seen against what it has by now. */
export const Publish = ({ rehearsal, path, close, again }: Props) => {
  const t = useTexts();
  const tenant = useLoad<components["schemas"]["Tenant"]>("/tenants/current");
  const publish = useDeed(async () => {
    await call("POST", `${path}/publish`, { headers: tenant.seen });
    say(t.rehearsals.published);
    close();
    again();
  });
  const isOther = tenant.data && tenant.data.system_prompt !== rehearsal.now_settings.system_prompt;
  return (
    <Dialog title={t.rehearsals.publishTitle} close={close} isWide>
      <p class="lead">{t.rehearsals.publishLead}</p>
      {isOther && <p class="fault">{t.rehearsals.otherMeanwhile}</p>}
      <Changes before={rehearsal.now_settings} after={rehearsal.changed_settings} />
      {!tenant.data && !tenant.error && <Loading lines={1} />}
      <Trouble error={tenant.error} again={tenant.again} />
      <Trouble error={publish.error} reread={() => (publish.clear(), tenant.again())} />
      <div class="buttons">
        <Button press={close}>{t.cancel}</Button>
        <Button kind="strong" press={() => void publish.run()} isBusy={publish.isBusy} isOff={!tenant.data}>
          {t.rehearsals.publish}
        </Button>
      </div>
    </Dialog>
  );
};
