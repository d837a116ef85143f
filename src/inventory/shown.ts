import { serviceKeys, type Service } from "./compose.ts";

type Path = readonly (string | number)[];

/** Stands for a value that nobody but the container gets to see. */
export const HIDDEN = "***";

/**
 * A service as people and logs get to see it. What came out of a variable stands as `${NAME}` again, wherever the key can be written so; where
 * it cannot (ports, sizes, times, an image), it was no secret. Of its environment only names are left, and variables that are all of a value:
 * many a password is written down as it is. `written` is the service before variables were replaced.
 */
export const shownService = (service: Service, written: unknown): Service =>
  Object.fromEntries(
    Object.entries(service).map(([key, value]) => [
      key,
      key === "environment" && value !== undefined
        ? masked(at(written, [key]))
        : restored(key as keyof Service, value, at(written, [key])),
    ]),
  ) as Service;

const restored = (key: keyof Service, value: unknown, written: unknown): unknown =>
  variables(written).reduce<unknown>((known, path) => {
    const next = withValue(known, path, at(written, path));
    return serviceKeys[key].safeParse(next).success ? next : known;
  }, value);

/** Where variables stand. */
const variables = (written: unknown): readonly Path[] => {
  if (typeof written === "string") return written.includes("${") ? [[]] : [];
  return typeof written === "object" && written !== null
    ? Object.entries(written).flatMap(([key, value]) => variables(value).map((path) => [key, ...path]))
    : [];
};

const masked = (environment: unknown): Service["environment"] => {
  if (Array.isArray(environment)) return environment.map((pair) => maskedPair(String(pair)));
  const pairs = Object.entries(environment as object).map(([name, value]) => [name, maskedValue(value)]);
  return Object.fromEntries(pairs) as Service["environment"];
};

const maskedPair = (pair: string): string => {
  const [name = "", ...rest] = pair.split("=");
  return rest.length === 0 ? name : `${name}=${maskedValue(rest.join("=")) ?? ""}`;
};

/** Null is a variable of that name too: `containerBody` writes it out. */
const maskedValue = (value: unknown): string | null =>
  value === null ? null : typeof value === "string" && /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(value) ? value : HIDDEN;

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );

const withValue = (value: unknown, [key, ...rest]: Path, leaf: unknown): unknown => {
  if (key === undefined) return leaf;
  if (Array.isArray(value))
    return value.map((inner: unknown, i) => (i === Number(key) ? withValue(inner, rest, leaf) : inner));
  return Object.fromEntries(
    Object.entries(value as object).map(([k, inner]: [string, unknown]) => [
      k,
      k === key ? withValue(inner, rest, leaf) : inner,
    ]),
  );
};
