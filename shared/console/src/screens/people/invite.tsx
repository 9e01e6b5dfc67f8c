import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call } from "../../call.js";
import { FormDialog } from "../../kit/dialog.js";
import { Choice, Text } from "../../kit/field.js";
import { MadeDialog } from "../../kit/made.js";
import { useTexts } from "../../preferences.js";
import { baseUrl } from "../../session.js";
import { fill, moment } from "../../words.js";

type Schemas = components["schemas"];

interface Props {
  close: () => void;
  done: () => void;
  /** Somebody who was invited before, and is invited anew. */
  user?: Schemas["User"];
}

/** Invites somebody, and shows the link to be handed over: nothing is sent. */
export const InviteDialog = ({ close, done, user }: Props) => {
  const t = useTexts();
  const [email, setEmail] = useState(user?.email ?? "");
  const [name, setName] = useState(user?.full_name ?? "");
  const [role, setRole] = useState<Schemas["Role"]>(user?.role ?? "member");
  const [made, show] = useState<Schemas["Invitation"]>();
  if (made) {
    return <MadeDialog title={fill(t.people.invitedTitle, { email: made.user.email })} lead={fill(t.people.invitedLead, { when: moment(made.expires_at) })} label={t.people.link} value={`${baseUrl}/console#invitation=${made.token}`} close={close} />;
  }
  const send = async () => {
    const body = { email: email.trim(), role, ...(name.trim() && { full_name: name.trim() }) };
    const invitation = await call<Schemas["Invitation"]>("POST", "/admin/users/invite", { body });
    done();
    show(invitation);
  };
  return (
    <FormDialog title={t.people.invite} close={close} stays action={t.people.makeLink} send={send} isReady={email.trim() !== ""}>
      <p class="lead">{t.people.inviteLead}</p>
      <Text label={t.people.email} type="email" value={email} set={setEmail} hasFocus isRequired isOff={user !== undefined} />
      <Text label={t.people.name} hint={t.people.nameHint} value={name} set={setName} />
      <Choice
        label={t.people.role}
        hint={t.people.roleHints[role]}
        value={role}
        set={setRole}
        options={[
          ["member", t.people.roles.member],
          ["admin", t.people.roles.admin],
        ]}
      />
    </FormDialog>
  );
};
