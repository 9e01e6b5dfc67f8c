import { AGAIN, ALERT, CHAT, CLOSE, COPY, DONE, DOWN, EDIT, SEND, STOP, UP, BAD, ANEW } from "../../widget/src/icons.js";

/** What pictures draw, in a square of 24; those that the chat for pages has, too, are its own. */
const DRAWN = {
  again: AGAIN,
  alert: ALERT,
  anew: ANEW,
  bad: BAD,
  chat: CHAT,
  close: CLOSE,
  copy: COPY,
  done: DONE,
  down: DOWN,
  edit: EDIT,
  good: UP,
  send: SEND,
  stop: STOP,
  add: "M12 5v14M5 12h14",
  audit: "M8 4h8v3H8zM8 5.500H5.500v15h13v-15H16M9 12h6M9 16h4",
  back: "M19 12H5M11 6l-6 6 6 6",
  book: "M5 4.500h6a2 2 0 0 1 2 2V20a2 2 0 0 0-2-1.500H5zM19 4.500h-4a2 2 0 0 0-2 2V20a2 2 0 0 1 2-1.500h4z",
  chart: "M5 20V11M12 20V4M19 20v-6",
  compare: "M4 5h7v14H4zM13 5h7v14h-7zM6 9h3M6 12h3M15 9h3M15 12h3M15 15h3",
  file: "M6 3.500h8l4.500 4.500v12.500H6zM14 3.500V8h4.500",
  gear: "M12 8.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM12 3v2.500M12 18.500V21M3 12h2.500M18.500 12H21M5.600 5.600l1.800 1.800M16.600 16.600l1.800 1.800M18.400 5.600l-1.800 1.800M7.400 16.600l-1.800 1.800",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3.500 12h17M12 3c2.500 2.500 3.700 5.500 3.700 9s-1.200 6.500-3.700 9c-2.500-2.500-3.700-5.500-3.700-9S9.500 5.500 12 3z",
  heart: "M3 12h4l2.500-6 4 12 2.500-6h5",
  house: "M4 20.500V6l8-2.500V20.500M12 9.500l8 2v9M4 20.500h16M7.500 9.500h1M7.500 13h1M7.500 16.500h1",
  key: "M14.500 4a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM10.500 13.500L4 20M6.500 17.500L9 20M15.500 8.500v.1",
  leave: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9.500",
  menu: "M4 7h16M4 12h16M4 17h16",
  moon: "M20 14.500A8 8 0 0 1 9.500 4 8 8 0 1 0 20 14.500z",
  people: "M9 4.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM3 20c0-3.500 2.700-5.500 6-5.500s6 2 6 5.500M15.500 5a3.500 3.500 0 0 1 0 6.500M17 14.800c2.400.6 4 2.400 4 5.200",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM5 20.500c0-3.600 3.100-5.500 7-5.500s7 1.900 7 5.500",
  pen: "M5 5h14M5 10h9M5 15h5M14 19.500l6-6-2-2-6 6v2z",
  question: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.500 9.500c0-1.500 1.100-2.500 2.500-2.500s2.500 1 2.500 2.300c0 1.900-2.500 2-2.500 4.200M12 16.800v.1",
  search: "M11 4.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM16 16l4 4",
  shield: "M12 3l7.500 2.500v6c0 4.500-3 7.500-7.500 9.500-4.500-2-7.500-5-7.500-9.500v-6z",
  trash: "M5 7h14M9.500 7V4.500h5V7M7 7l.8 13h8.400L17 7M10.500 11v5M13.500 11v5",
  upload: "M12 16V5M7 9.500L12 4.500l5 5M4.500 16v3.500h15V16",
} as const;

export type IconName = keyof typeof DRAWN;

export const Icon = ({ name }: { name: IconName }) => (
  <svg viewBox="0 0 24 24" aria-hidden="true">
    <path d={DRAWN[name]} />
  </svg>
);
