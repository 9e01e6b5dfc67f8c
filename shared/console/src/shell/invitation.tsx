import { useState } from "preact/hooks";
import { useDeed } from "../call.js";
import { Problem } from "parlance-client";
import { Button, LinkButton } from "../kit/button.js";
import { faultOf, Text } from "../kit/field.js";
import { Trouble } from "../kit/trouble.js";
import { useTexts } from "../preferences.js";
import { replace } from "../route.js";
import { baseUrl, begin, session } from "../session.js";
import { Door } from "./door.js";

/** Whoever was invited says who it is, and chooses the first password. */
export const Invitation = ({ token }: { token: string }) => {
  const t = useTexts();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [isAccepted, accepted] = useState(false);
  const isSame = password === again;
  const deed = useDeed(async () => {
    const answer = await fetch(`${baseUrl}/login/invitation`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, password, ...(name.trim() && { full_name: name.trim() }) }),
    });
    if (!answer.ok) throw await Problem.of(answer);
    accepted(true);
  });
  if (isAccepted) {
    const enter = () => {
      replace("#/");
      session.value ??= undefined;
      void begin();
    };
    return (
      <Door title={t.invitation.done} lead={t.invitation.doneLead}>
        <div class="buttons wide">
          <Button kind="strong" press={enter}>
            {t.login.enter}
          </Button>
        </div>
      </Door>
    );
  }
  const isGone = deed.error instanceof Problem && deed.error.code === "invalid_invitation";
  return (
    <Door title={t.invitation.title} lead={t.invitation.lead}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isSame) void deed.run();
        }}
      >
        <Text label={t.invitation.name} autocomplete="name" value={name} set={setName} hasFocus fault={faultOf(deed.error, "full_name")} />
        <Text label={t.invitation.password} hint={t.passwordHint} type="password" autocomplete="new-password" value={password} set={setPassword} isRequired fault={faultOf(deed.error, "password")} />
        <Text label={t.invitation.again} type="password" autocomplete="new-password" value={again} set={setAgain} isRequired fault={again && !isSame ? t.invitation.differ : undefined} />
        <Trouble error={deed.error} />
        <div class="buttons wide">
          <Button kind="strong" isSubmit isBusy={deed.isBusy} isOff={!isSame}>
            {t.invitation.accept}
          </Button>
          {isGone && <LinkButton href="#/">{t.invitation.toLogin}</LinkButton>}
        </div>
      </form>
    </Door>
  );
};
