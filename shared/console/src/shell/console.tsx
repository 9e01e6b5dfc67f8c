import { useCell } from "../cell.js";
import { Said } from "../kit/say.js";
import { Loading } from "../kit/screen.js";
import { useTexts } from "../preferences.js";
import { route } from "../route.js";
import { session, whereabouts } from "../session.js";
import { ComeBack } from "./come-back.js";
import { Inside } from "./inside.js";
import { Invitation } from "./invitation.js";
import { Login } from "./login.js";

/** All of it: who is not logged in logs in, who was invited chooses a password, all others work. */
export const Console = () => {
  const now = useCell(session);
  const { invitation } = useCell(route);
  useTexts();
  return (
    <>
      {invitation ? (
        <Invitation token={invitation} />
      ) : now === null ? (
        <main class="door">
          <Loading />
        </main>
      ) : now ? (
        <Inside key={whereabouts(now)} now={now} />
      ) : (
        <Login />
      )}
      <ComeBack />
      <Said />
    </>
  );
};
