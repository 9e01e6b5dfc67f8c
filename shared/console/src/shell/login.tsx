import { useState } from "preact/hooks";
import { useDeed } from "../call.js";
import { useCell } from "../cell.js";
import { Button } from "../kit/button.js";
import { Check, Text } from "../kit/field.js";
import { Trouble } from "../kit/trouble.js";
import { useTexts } from "../preferences.js";
import { route } from "../route.js";
import { canStay, endKept, login, remains } from "../session.js";
import { Door } from "./door.js";

interface Props {
  /** Of whom it is known who comes back. */
  email?: string;
  /** Its short name, likewise. */
  tenant?: string;
}

/** What is asked of whoever logs in, at the door and above the work alike. */
export const LoginForm = ({ email: known, tenant: knownTenant }: Props) => {
  const t = useTexts();
  const { query } = useCell(route);
  const [email, setEmail] = useState(known ?? query.get("email") ?? "");
  const [password, setPassword] = useState("");
  const [tenant, setTenant] = useState(knownTenant ?? query.get("tenant") ?? "");
  const [hasTenant, showTenant] = useState(Boolean(tenant));
  const [isKept, keep] = useState(false);
  const mayStay = useCell(canStay);
  const deed = useDeed(() => login(tenant.trim(), email.trim(), password, isKept));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void deed.run();
      }}
    >
      <Text label={t.login.email} type="email" autocomplete="username" value={email} set={setEmail} isRequired hasFocus={!known} isOff={known !== undefined} />
      <Text label={t.login.password} type="password" autocomplete="current-password" value={password} set={setPassword} isRequired hasFocus={known !== undefined} />
      {hasTenant && <Text label={t.login.tenant} hint={t.login.tenantHint} value={tenant} set={setTenant} autocomplete="organization" isOff={knownTenant !== undefined} />}
      {mayStay && <Check label={t.login.keep} hint={t.login.keepHint} isOn={isKept} set={keep} />}
      <Trouble error={deed.error} />
      <div class="buttons wide">
        <Button kind="strong" isSubmit isBusy={deed.isBusy}>
          {t.login.enter}
        </Button>
        {!hasTenant && (
          <Button kind="quiet" press={() => showTenant(true)}>
            {t.login.several}
          </Button>
        )}
      </div>
    </form>
  );
};

/** That the login before has not ended, and the way to end it. */
const Remains = () => {
  const t = useTexts();
  const is = useCell(remains);
  const deed = useDeed(endKept);
  return <Trouble error={is ? new Error(t.login.remains) : undefined} again={() => void deed.run()} />;
};

export const Login = () => {
  const t = useTexts();
  return (
    <Door title={t.login.title} lead={t.login.lead}>
      <Remains />
      <LoginForm />
    </Door>
  );
};
