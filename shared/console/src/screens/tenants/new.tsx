import { Parlance, type components } from "parlance-client";
import { useRef, useState } from "preact/hooks";
import { call } from "../../call.js";
import { FormDialog } from "../../kit/dialog.js";
import { Text } from "../../kit/field.js";
import { MadeDialog } from "../../kit/made.js";
import { useTexts } from "../../preferences.js";
import { asOneself, baseUrl } from "../../session.js";
import { fill, moment } from "../../words.js";

type Schemas = components["schemas"];

/** A short name made of a name: what is left of it without accents, in small letters, with dashes between the words. */
export const slugOf = (name: string): string => {
  const plain = name.replace(/ß/g, "ss").normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40);
};

/** Creates an organisation and invites its first administrator, in one step. */
export const NewTenantDialog = ({ close, done }: { close: () => void; done: () => void }) => {
  const t = useTexts();
  const [name, setName] = useState("");
  const [typed, setSlug] = useState<string>();
  const [email, setEmail] = useState("");
  const [made, show] = useState<Schemas["Invitation"]>();
  // Where only the second half failed, trying again does not make another one.
  const tenant = useRef<Schemas["Tenant"]>();
  const slug = typed ?? slugOf(name);
  if (made) {
    return <MadeDialog title={fill(t.tenants.madeTitle, { name })} lead={fill(t.tenants.madeLead, { email: made.user.email, when: moment(made.expires_at) })} label={t.people.link} value={`${baseUrl}/console#invitation=${made.token}`} close={close} />;
  }
  const send = async () => {
    if (tenant.current?.slug !== slug) tenant.current = await call<Schemas["Tenant"]>("POST", "/tenants", { body: { slug, name: name.trim() } });
    done();
    const { id } = tenant.current;
    const reason = t.tenants.firstReason;
    const token = await asOneself((own) => own.request<Schemas["AssumedToken"]>("POST", `/admin/tenants/${id}/assume`, { body: { reason, minutes: 1 } }));
    const inside = new Parlance({ baseUrl, apiKey: token.access_token });
    show(await inside.request<Schemas["Invitation"]>("POST", "/admin/users/invite", { body: { email: email.trim(), role: "admin" } }));
  };
  return (
    <FormDialog title={t.tenants.make} close={close} stays action={t.tenants.make} send={send} isReady={name.trim() !== "" && slug !== "" && email.trim() !== ""}>
      <Text label={t.tenants.name} value={name} set={setName} hasFocus isRequired />
      <Text label={t.tenants.slug} hint={t.tenants.slugHint} value={slug} set={setSlug} isCode isRequired />
      <Text label={t.tenants.admin} hint={t.tenants.adminHint} type="email" value={email} set={setEmail} isRequired />
    </FormDialog>
  );
};
