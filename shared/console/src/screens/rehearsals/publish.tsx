import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, useDeed, useLoad } from "../../call.js";
import { Button } from "../../kit/button.js";
import { Check } from "../../kit/field.js";
import { Icon } from "../../icons.js";
import { Dialog } from "../../kit/dialog.js";
import { say } from "../../kit/say.js";
import { Loading } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { fill, many, number } from "../../words.js";
import type { Rehearsal } from "../rehearsals.js";
import { Changes } from "./changes.js";
import { published } from "./form.js";

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
  // A question of which one side was not answered is none that was tried.
  const asked = Math.min(rehearsal.now.answered + rehearsal.now.failed, rehearsal.changed.answered + rehearsal.changed.failed);
  const missing = rehearsal.status === "done" ? 0 : rehearsal.questions - asked;
  const [isKnown, know] = useState(false);
  const hasPrompt = rehearsal.changed_settings.system_prompt !== rehearsal.now_settings.system_prompt;
  const isOther = hasPrompt && tenant.data && tenant.data.system_prompt !== rehearsal.now_settings.system_prompt;
  return (
    <Dialog title={t.rehearsals.publishTitle} close={close} isWide>
      <p class="lead">{t.rehearsals.publishLead}</p>
      {isOther && <p class="fault">{t.rehearsals.otherMeanwhile}</p>}
      {missing > 0 && (
        <div class="trouble calm" role="note">
          <Icon name="alert" />
          <div class="said">
            <p>{fill(many(missing, t.rehearsals.missing), { of: number(rehearsal.questions) })}</p>
            <Check label={t.rehearsals.anyway} isOn={isKnown} set={know} />
          </div>
        </div>
      )}
      {tenant.data && <Changes before={tenant.data} after={published(rehearsal, tenant.data)} />}
      {!tenant.data && !tenant.error && <Loading lines={1} />}
      <Trouble error={tenant.error} again={tenant.again} />
      <Trouble error={publish.error} reread={() => (publish.clear(), tenant.again())} />
      <div class="buttons">
        <Button press={close}>{t.cancel}</Button>
        <Button kind="strong" press={() => void publish.run()} isBusy={publish.isBusy} isOff={!tenant.data || tenant.isLoading || (missing > 0 && !isKnown)}>
          {t.rehearsals.publish}
        </Button>
      </div>
    </Dialog>
  );
};
