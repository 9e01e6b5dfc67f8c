import { useEffect, useRef, useState } from "preact/hooks";
import { useCell } from "../cell.js";
import { Icon } from "../icons.js";
import { IconButton } from "../kit/button.js";
import { Empty } from "../kit/screen.js";
import { useTexts } from "../preferences.js";
import { replace, route, to } from "../route.js";
import { SCREENS, type Who } from "../screens/index.js";
import { ended, leaveStay, type Session } from "../session.js";
import { ago, fill } from "../words.js";
import { Navigation } from "./navigation.js";
import { Boundary } from "./boundary.js";

/** Who may see what. The service decides; this only leaves out what it would refuse. */
const whoIs = ({ me, stay }: Session): Who => {
  if (stay) return { isAdmin: true, isSuperuser: false, isGuest: true };
  return { isAdmin: me.user.role === "admin", isSuperuser: me.user.is_superuser, isGuest: false };
};

export const Inside = ({ now }: { now: Session }) => {
  const t = useTexts();
  const { path } = useCell(route);
  const [isOpen, open] = useState(false);
  const main = useRef<HTMLElement>(null);
  const who = whoIs(now);
  const screens = SCREENS.filter((screen) => screen.isFor(who));
  const [name, ...rest] = path;
  const shown = screens.find((screen) => screen.name === name);
  const isFirst = useRef(true);
  useEffect(() => {
    if (name === undefined && screens[0]) replace(to(screens.find((screen) => screen.isHome?.(who))?.name ?? screens[0].name));
  }, [name]);
  useEffect(() => {
    open(false);
    // A screen reader reads the new screen from its heading; the first one has the focus of the page.
    if (!isFirst.current) main.current?.querySelector("h1")?.focus({ preventScroll: true });
    isFirst.current = false;
    scrollTo(0, 0);
  }, [name, rest[0]]);
  return (
    <div class={isOpen ? "inside open" : "inside"}>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        {t.skip}
      </a>
      <header class="bar">
        <IconButton icon="menu" label={t.menu} press={() => open(!isOpen)} isPressed={isOpen} />
        <span class="name" dir="auto">{now.stay?.tenant.name ?? now.me.tenant.name}</span>
      </header>
      <Navigation now={now} screens={screens} current={shown?.name} close={() => open(false)} />
      <div class="shade" onClick={() => open(false)} />
      <div class="content">
        {now.stay && <StayBanner key={now.stay.ends} stay={now.stay} />}
        <main id="main" ref={main} tabIndex={-1}>
          {shown ? (
            <Boundary key={shown.name}>
              <shown.Show path={rest} who={who} />
            </Boundary>
          ) : (
            name !== undefined && <NotHere />
          )}
        </main>
      </div>
    </div>
  );
};

const NotHere = () => {
  const t = useTexts();
  return (
    <div class="screen">
      <h1 tabIndex={-1} class="hidden">{t.notHere.title}</h1>
      <Empty icon="question" title={t.notHere.title} action={<a class="button strong" href="#/">{t.notHere.home}</a>}>
        {t.notHere.lead}
      </Empty>
    </div>
  );
};

/** As long as a superuser is in a tenant, it says so on every screen. */
const StayBanner = ({ stay }: { stay: NonNullable<Session["stay"]> }) => {
  const t = useTexts();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 15_000);
    return () => clearInterval(timer);
  }, []);
  const left = new Date(stay.ends).toISOString();
  return (
    <div class="stay" role="region" aria-label={t.stay.banner}>
      <Icon name="shield" />
      <p dir="auto">
        {fill(t.stay.inside, { name: stay.tenant.name, reason: stay.reason })}{" "}
        <span class="when">{stay.ends > Date.now() ? fill(t.stay.left, { when: ago(left) }) : t.stay.over}</span>
      </p>
      <button
        type="button"
        class="button plain"
        onClick={() => {
          ended.value?.leave(new DOMException("The stay was left.", "AbortError"));
          leaveStay();
          replace(to("tenants"));
        }}
      >
        <span>{t.stay.leave}</span>
      </button>
    </div>
  );
};
