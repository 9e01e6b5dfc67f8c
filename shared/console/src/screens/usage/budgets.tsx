import type { components } from "parlance-client";
import { Card } from "../../kit/screen.js";
import { useTexts } from "../../preferences.js";
import { fill, money, number } from "../../words.js";

type Left = components["schemas"]["LimitLeft"];

/** How much of each limit is used: by number and bar. */
export const Budgets = ({ left }: { left: Left[] }) => {
  const t = useTexts();
  return (
    <Card title={t.usage.budgets} lead={t.usage.budgetsLead}>
      {left.length === 0 && <p class="hint">{t.usage.noBudgets}</p>}
      <ul class="budgets">
        {left.map((one) => {
          const most = Number(one.most);
          const used = most - Number(one.left);
          const shown = one.name.startsWith("cost") ? (n: number) => money(`${n}`) : (n: number) => number(n);
          const name = (t.usage.limits as Record<string, string>)[one.name] ?? one.name;
          return (
            <li key={`${one.scope} ${one.name}`}>
              <span>{name}</span>
              <span class="number">{fill(t.usage.used, { n: shown(used), of: shown(most) })}</span>
              <progress class={used >= most * 0.9 ? "near" : undefined} value={Math.max(0, used)} max={most || 1} aria-label={name} />
            </li>
          );
        })}
      </ul>
    </Card>
  );
};
