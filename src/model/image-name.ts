/** The reference with a tag, `latest` where there is neither tag nor digest: without one the API pulls every tag there is. */
export const withTag = (image: string): string =>
  image.includes("@") || /:[^/]+$/.test(image) ? image : `${image}:latest`;

/** The name under which an engine lists an image: Docker Hub left out, a digest without its tag, else with a tag. */
export const listedName = (image: string): string => {
  const [name = "", digest] = withTag(image)
    .replace(/^(index\.)?docker\.io\/(library\/)?/, "")
    .split("@");
  return digest === undefined ? name : `${name.replace(/:[^/:]+$/, "")}@${digest}`;
};
