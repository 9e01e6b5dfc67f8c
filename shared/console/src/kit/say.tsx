import { Cell, useCell } from "../cell.js";
import { Icon } from "../icons.js";

const said = new Cell<{ text: string } | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says what happened: shortly on the screen, and to screen readers. */
export const say = (text: string): void => {
  clearTimeout(timer);
  said.value = { text };
  timer = setTimeout(() => (said.value = undefined), 6000);
};

/** Where it is said. It is there all the time, else screen readers would not notice. */
export const Said = () => {
  const now = useCell(said);
  return (
    <div class="said-last" role="status" aria-live="polite">
      {now && (
        <p>
          <Icon name="done" />
          <span dir="auto">{now.text}</span>
        </p>
      )}
    </div>
  );
};
