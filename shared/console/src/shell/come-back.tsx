import { useEffect, useState } from "preact/hooks";
import { useCell } from "../cell.js";
import { Button } from "../kit/button.js";
import { Dialog, FormDialog } from "../kit/dialog.js";
import { Text } from "../kit/field.js";
import { useTexts } from "../preferences.js";
import { assume, ended, leaveStay, logout, session } from "../session.js";
import { fill } from "../words.js";
import { LoginForm } from "./login.js";

/** A login, or a stay in a tenant, that ended while somebody works. What is on the screen waits below, as it is. */
export const ComeBack = () => {
  const t = useTexts();
  const gone = useCell(ended);
  const now = useCell(session);
  // Whoever logs in anew has come back.
  const own = now?.own;
  const [before, remember] = useState(own);
  useEffect(() => {
    if (gone?.what === "login" && before && own !== before) gone.back();
    remember(own);
  }, [own, gone]);
  if (!gone || !now) return null;
  if (gone.what === "stay") return <StayAgain gone={gone} />;
  return (
    <Dialog title={t.back.title}>
      <p class="lead">{t.back.lead}</p>
      <LoginForm email={now.me.user.email} tenant={now.me.tenant.slug} />
      <div class="buttons wide">
        <Button kind="quiet" press={() => void logout()}>
          {t.back.other}
        </Button>
      </div>
    </Dialog>
  );
};

const StayAgain = ({ gone }: { gone: { back(): void; leave(error: unknown): void } }) => {
  const t = useTexts();
  const stay = session.value?.stay;
  const [reason, setReason] = useState(stay?.reason ?? "");
  if (!stay) return null;
  const leave = () => {
    leaveStay();
    gone.leave(new DOMException("The stay was left.", "AbortError"));
  };
  const send = async () => {
    await assume(stay.tenant.id, reason, 15);
    gone.back();
  };
  return (
    <FormDialog title={fill(t.stay.endedTitle, { name: stay.tenant.name })} close={leave} stays action={t.stay.enter} send={send} isReady={reason.trim() !== ""}>
      <p class="lead">{t.stay.endedLead}</p>
      <Text label={t.stay.reason} hint={t.stay.reasonHint} value={reason} set={setReason} hasFocus isRequired />
    </FormDialog>
  );
};
