// Stays where the page was scrolled to when a button is pressed: the browser would begin at the top.
const KEY = "scroll";
addEventListener("submit", ({ target }) => {
  if (target.method === "post") sessionStorage.setItem(KEY, String(scrollY));
});
addEventListener("load", () => {
  const place = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (place !== null) scrollTo(0, Number(place));
});
