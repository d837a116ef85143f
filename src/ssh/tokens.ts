import { homedir } from "node:os";

/** Replaces ssh_config(5)'s `%h` and friends; a token that is not in the table stays as it is written. */
export const expandTokens = (text: string, tokens: Readonly<Record<string, string>>): string =>
  text.replace(/%(.)/g, (written, token: string) => (token === "%" ? "%" : (tokens[token] ?? written)));

/** A path as ssh_config(5) allows it: `~` is the home folder, then tokens, then `${NAME}` of the environment. */
export const expandPath = (path: string, tokens: Readonly<Record<string, string>>): string =>
  expandTokens(path.replace(/^~(?=\/|$)/, homedir()), tokens).replace(
    /\$\{(\w+)\}/g,
    (written, name: string) => process.env[name] ?? written,
  );
