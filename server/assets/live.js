// Keeps a page of the console up to date: asks for the page it stands on every few seconds, and puts the part that lives
// into its place. Nothing else depends on it: the link beside it asks for the page again. ECMAScript 5.
(function () {
  'use strict';
  var bar = document.getElementById('live-bar');
  var words = document.getElementById('live-words');
  if (!bar || !words || !window.fetch || !window.DOMParser) return;
  var EVERY = 3000;
  var over = false;
  var paused = false;
  var timer = 0;
  var button = document.createElement('button');
  button.type = 'button';
  button.id = 'pause';
  button.className = 'quiet small';
  bar.appendChild(button);

  // A reader is told what has changed, and not the same twice.
  function say(text) {
    if (words.textContent !== text) words.textContent = text;
  }
  function dress() {
    button.textContent = paused ? bar.getAttribute('data-go') : bar.getAttribute('data-pause');
    say(bar.getAttribute(paused ? 'data-paused' : 'data-on'));
  }
  function end(text) {
    over = true;
    button.remove();
    say(text);
  }
  function put(fresh, old) {
    var held = old.contains(document.activeElement) ? document.activeElement.id : '';
    old.parentNode.replaceChild(document.importNode(fresh, true), old);
    var again = held && document.getElementById(held);
    if (again) again.focus({ preventScroll: true });
    if (fresh.getAttribute('data-said') !== old.getAttribute('data-said')) say(fresh.getAttribute('data-said'));
  }
  function take(text) {
    var page = new DOMParser().parseFromString(text, 'text/html');
    var fresh = page.getElementById('live');
    var old = document.getElementById('live');
    var marked = window.getSelection();
    if (!fresh || !old) {
      window.location.reload();
      return;
    }
    // What somebody is marking stays as it is.
    if (marked && !marked.isCollapsed && old.contains(marked.anchorNode)) return;
    document.getElementById('stamp').replaceWith(document.importNode(page.getElementById('stamp'), true));
    if (words.textContent === bar.getAttribute('data-lost')) say(bar.getAttribute('data-on'));
    if (fresh.outerHTML !== old.outerHTML) put(fresh, old);
  }
  function look() {
    window.clearTimeout(timer);
    if (over || paused || document.hidden) return;
    window.fetch(window.location.href, { credentials: 'same-origin', redirect: 'manual', cache: 'no-store' })
      .then(function (answer) {
        // To the sign-in page: nobody is signed in any more, or not lately enough.
        if (answer.type === 'opaqueredirect') return end(bar.getAttribute('data-over'));
        if (answer.status === 403) return window.location.reload();
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.text().then(function (text) { if (!paused) take(text); });
      })
      .catch(function () { if (!paused && !over) say(bar.getAttribute('data-lost')); })
      .then(function () { timer = window.setTimeout(look, EVERY); });
  }
  button.addEventListener('click', function () {
    paused = !paused;
    dress();
    look();
  }, false);
  document.addEventListener('visibilitychange', look, false);
  dress();
  timer = window.setTimeout(look, EVERY);
}());
