import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { useDeed, useLoad } from "../../call.js";
import { Check } from "../../kit/field.js";
import { say } from "../../kit/say.js";
import { Card } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";

interface Props {
  setting: "share_unanswered" | "share_conversations";
  texts: { title: string; share: string; hint: string; on: string; off: string };
  changed: () => void;
}

/** Whether what people say may be read. Those who say it are told. */
export const Sharing = ({ setting, texts, changed }: Props) => {
  const tenant = useLoad<components["schemas"]["Tenant"]>("/tenants/current");
  const [wished, wish] = useState<boolean>();
  const save = useDeed(async (isOn: boolean) => {
    wish(isOn);
    try {
      await tenant.change({ [setting]: isOn });
    } finally {
      wish(undefined);
    }
    changed();
    say(isOn ? texts.on : texts.off);
  });
  return (
    <Card title={texts.title}>
      <Trouble error={tenant.error} again={tenant.again} />
      {tenant.data && <Check label={texts.share} hint={texts.hint} isOn={wished ?? tenant.data[setting]} set={(isOn) => void save.run(isOn)} isOff={save.isBusy} />}
      <Trouble error={save.error} reread={() => (save.clear(), tenant.again())} />
    </Card>
  );
};

/** What whoever asks here is told of who may read it. */
export const WhoReads = ({ me }: { me: components["schemas"]["Me"] }) => {
  const t = useTexts();
  const told = me.share_conversations ? t.conversations.told : me.share_unanswered ? t.unanswered.told : undefined;
  return told ? <p class="hint">{told}</p> : null;
};
