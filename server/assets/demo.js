// Keeps the page in step with what happens. Without it the page reloads itself every three seconds.
"use strict";
(async () => {
  const rest = (time) => new Promise((done) => setTimeout(done, time));
  let seen = document.body.dataset.seen;
  for (;;) {
    try {
      const answer = await fetch(`/wait?seen=${seen}`);
      if (answer.status === 200) {
        seen = await answer.text();
        const page = await (await fetch(location.href)).text();
        const fresh = new DOMParser().parseFromString(page, "text/html");
        for (const part of document.querySelectorAll("[data-live]")) {
          const now = fresh.getElementById(part.id);
          if (!now || now.innerHTML === part.innerHTML) continue;
          const focused = part.contains(document.activeElement);
          part.replaceChildren(...now.childNodes);
          if (focused) part.querySelector("a, button")?.focus();
        }
      } else if (answer.status !== 204) {
        await rest(2000);
      }
    } catch {
      await rest(2000);
    }
  }
})();
