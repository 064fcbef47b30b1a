/** The paths of the pages besides `/`, without the slash. The gateway answers whatever is not among them with 404. */
export const paths = ["pricing", "credits", "account", "login", "signup"] as const;

export type Path = (typeof paths)[number];
