import type { ComponentType } from "preact";
import type { IconName } from "../icons.js";
import type { Texts } from "../texts/en.js";
import { Account } from "./account.js";
import { Playground } from "./playground.js";
import { Prompt } from "./prompt.js";

/** What somebody may do. */
export interface Who {
  /** Of the tenant that is on the screen. */
  isAdmin: boolean;
  /** Of the deployment, and in no tenant but its own. */
  isSuperuser: boolean;
  /** Stays in the tenant as a superuser: looks and manages, but does nothing in a user's name. */
  isGuest: boolean;
}

/** What a screen is given: what the address has behind its name, and who looks. */
export interface ScreenProps {
  path: string[];
  who: Who;
}

export const GROUPS = ["use", "make", "manage", "see", "platform", "own"] as const;

export interface ScreenEntry {
  /** In the address. */
  name: string;
  icon: IconName;
  group: (typeof GROUPS)[number];
  label: (t: Texts) => string;
  isFor: (who: Who) => boolean;
  /** Whether somebody comes here first. */
  isHome?: (who: Who) => boolean;
  Show: ComponentType<ScreenProps>;
}

const forAdmins = ({ isAdmin }: Who) => isAdmin;

/** Every screen, in the order in which the navigation has them. A new one is a file beside this one, and a line here. */
export const SCREENS: ScreenEntry[] = [
  { name: "playground", icon: "chat", group: "use", label: (t) => t.playground.title, isFor: () => true, Show: Playground },
  { name: "prompt", icon: "pen", group: "make", label: (t) => t.prompt.title, isFor: forAdmins, Show: Prompt },
  { name: "account", icon: "person", group: "own", label: (t) => t.account.title, isFor: ({ isGuest }) => !isGuest, Show: Account },
];
