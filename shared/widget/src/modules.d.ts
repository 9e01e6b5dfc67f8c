declare module "*.css" {
  const text: string;
  export default text;
}

/** The name of the chat's file, which has its hash in it; of the build. */
declare const CHAT_FILE: string;
/** The hash of the chat's file, as browsers check it (SRI); of the build. */
declare const CHAT_INTEGRITY: string;
