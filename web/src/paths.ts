/** The paths of the pages besides `/`, without the slash. The gateway answers with 404 whatever is not among them. */
export const paths = ["pricing", "credits", "account", "login", "signup"] as const;

export type Path = (typeof paths)[number];
