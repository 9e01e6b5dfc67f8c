import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { useDeed, useLoad } from "../../call.js";
import { Check } from "../../kit/field.js";
import { say } from "../../kit/say.js";
import { Card } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";

/** Whether questions may be read. Those who ask are told. */
export const Sharing = ({ changed }: { changed: () => void }) => {
  const t = useTexts();
  const tenant = useLoad<components["schemas"]["Tenant"]>("/tenants/current");
  const [wished, wish] = useState<boolean>();
  const save = useDeed(async (isOn: boolean) => {
    wish(isOn);
    try {
      await tenant.change({ share_unanswered: isOn });
    } finally {
      wish(undefined);
    }
    changed();
    say(isOn ? t.unanswered.shared : t.unanswered.unshared);
  });
  return (
    <Card title={t.unanswered.sharing}>
      <Trouble error={tenant.error} again={tenant.again} />
      {tenant.data && (
        <Check
          label={t.unanswered.share}
          hint={t.unanswered.shareHint}
          isOn={wished ?? tenant.data.share_unanswered}
          set={(isOn) => void save.run(isOn)}
          isOff={save.isBusy}
        />
      )}
      <Trouble error={save.error} reread={() => (save.clear(), tenant.again())} />
    </Card>
  );
};
