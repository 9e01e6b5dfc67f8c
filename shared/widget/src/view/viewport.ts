/**
 * Keeps an element within what the browser's keyboard leaves of the window, where it covers the window: some browsers put the
 * keyboard over the page and say so only here.
 */
export const watchKeyboard = (element: HTMLElement, signal: AbortSignal): void => {
  const view = window.visualViewport;
  if (!view) return;
  const fit = () => {
    element.style.setProperty("--view-height", `${view.height}px`);
    element.style.setProperty("--view-top", `${view.offsetTop}px`);
  };
  fit();
  view.addEventListener("resize", fit, { signal });
  view.addEventListener("scroll", fit, { signal });
};
