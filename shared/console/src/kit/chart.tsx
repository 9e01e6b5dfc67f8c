import { useTexts } from "../preferences.js";

/** One thing that is compared with others. */
export interface Bar {
  name: string;
  value: number;
  /** Its value, as it is read. */
  label: string;
}

const WIDTH = 720;
const HEIGHT = 180;

/** Values day by day, as columns. The same is a table for screen readers, and for whoever wants the numbers. */
export const Columns = ({ title, bars }: { title: string; bars: Bar[] }) => {
  const t = useTexts();
  const most = Math.max(...bars.map(({ value }) => value), 0) || 1;
  const step = WIDTH / Math.max(bars.length, 1);
  const first = bars[0];
  const last = bars.at(-1);
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {bars.map(({ name, value, label }, nth) => {
          const height = (value / most) * (HEIGHT - 4);
          return (
            <rect key={name} x={nth * step + step * 0.12} y={HEIGHT - height} width={step * 0.76} height={height} rx={Math.min(4, step * 0.2)}>
              <title>{`${name}: ${label}`}</title>
            </rect>
          );
        })}
      </svg>
      <p class="small ends" aria-hidden="true">
        <span>{first?.name}</span>
        <span>{last !== first && last?.name}</span>
      </p>
      <details class="more-of">
        <summary>{t.chart.numbers}</summary>
        <div class="table" tabIndex={0} role="region" aria-label={title}>
          <table>
            <tbody>
              {bars.map(({ name, label }) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td class="number">{label}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
};

/** Shares of a whole, the largest first. */
export const Shares = ({ bars }: { bars: Bar[] }) => {
  const most = Math.max(...bars.map(({ value }) => value), 0) || 1;
  return (
    <ul class="shares">
      {bars.map(({ name, value, label }) => (
        <li key={name}>
          <span dir="auto">{name}</span>
          <span class="number">{label}</span>
          <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
            <rect width={(value / most) * 100} height="1" />
          </svg>
        </li>
      ))}
    </ul>
  );
};
