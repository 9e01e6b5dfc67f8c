/** What can be reached with the keyboard, in order. */
const reachable = (within: HTMLElement): HTMLElement[] =>
  [...within.querySelectorAll<HTMLElement>("a[href], button:not(:disabled), textarea, [tabindex='0']")].filter(
    (element) => element.getClientRects().length > 0,
  );

/** Keeps the tabulator within an element: after the last thing comes the first. */
export const keepFocus = (event: KeyboardEvent, within: HTMLElement): void => {
  const all = reachable(within);
  const [first, last] = [all[0], all[all.length - 1]];
  if (event.key !== "Tab" || !first || !last) return;
  const active = (within.getRootNode() as ShadowRoot).activeElement;
  const leaves = event.shiftKey ? active === first || active === within : active === last;
  if (!leaves) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
};
