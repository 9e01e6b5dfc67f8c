import { useState } from "preact/hooks";
import { call } from "../../call.js";
import { FormDialog } from "../../kit/dialog.js";
import { Area, Text } from "../../kit/field.js";
import { say } from "../../kit/say.js";
import { useTexts } from "../../preferences.js";
import { fill } from "../../words.js";
import type { Site } from "../sites.js";
import { allowOrigins, originsOf } from "./origins.js";

export const NewSiteDialog = ({ close, done }: { close: () => void; done: (site: Site) => void }) => {
  const t = useTexts();
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const send = async () => {
    const origins = originsOf(text);
    await allowOrigins(origins);
    const site = await call<Site>("POST", "/tenants/current/sites", { body: { name: name.trim(), origins } });
    say(fill(t.sites.madeSaid, { name: site.name }));
    done(site);
  };
  return (
    <FormDialog title={t.sites.make} close={close} action={t.sites.make} send={send} isReady={name.trim() !== ""}>
      <Text label={t.sites.name} hint={t.sites.nameHint} value={name} set={setName} hasFocus isRequired />
      <Area label={t.sites.origins} hint={t.sites.originsHint} value={text} set={setText} rows={3} isCode />
    </FormDialog>
  );
};
