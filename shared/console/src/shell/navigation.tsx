import { useCell } from "../cell.js";
import { Icon } from "../icons.js";
import { Button } from "../kit/button.js";
import { Choice } from "../kit/field.js";
import { language, NAMES, setLanguage, setTheme, theme, THEMES, useTexts, type Language } from "../preferences.js";
import { to } from "../route.js";
import { GROUPS, type ScreenEntry } from "../screens/index.js";
import { logout, type Session } from "../session.js";

interface Props {
  now: Session;
  screens: ScreenEntry[];
  current: string | undefined;
  close: () => void;
}

export const Navigation = ({ now, screens, current, close }: Props) => {
  const t = useTexts();
  const chosenTheme = useCell(theme);
  const chosenLanguage = useCell(language);
  const { me, stay } = now;
  return (
    <nav class="navigation" aria-label={t.navigation} onKeyDown={(event) => event.key === "Escape" && close()}>
      <p class="brand">
        <i class="logo" />
        <span>
          {t.product}
          <small dir="auto">{stay?.tenant.name ?? me.tenant.name}</small>
        </span>
      </p>
      {GROUPS.map((group) => {
        const own = screens.filter((screen) => screen.group === group);
        if (own.length === 0) return null;
        return (
          <div key={group} class="group">
            {t.groups[group] && <p>{t.groups[group]}</p>}
            <ul>
              {own.map(({ name, icon, label }) => (
                <li key={name}>
                  <a href={to(name)} aria-current={name === current ? "page" : undefined} onClick={close}>
                    <Icon name={icon} />
                    {label(t)}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
      <div class="foot">
        <div class="pair">
          <Choice label={t.theme.label} isBare value={chosenTheme} set={setTheme} options={THEMES.map((name) => [name, t.theme[name]] as const)} />
          <Choice label={t.language} isBare value={chosenLanguage} set={setLanguage} options={Object.entries(NAMES) as [Language, string][]} />
        </div>
        <p class="who">
          <span dir="auto">{me.user.full_name || me.user.email}</span>
          {me.user.full_name && <small>{me.user.email}</small>}
        </p>
        <Button kind="quiet" icon="leave" press={() => void logout()}>
          {t.logout}
        </Button>
      </div>
    </nav>
  );
};
