// Goes on to where the link leads once every frame has loaded (Front-Channel Logout 1.0 §3), or after a while, whichever
// is first. ECMAScript 5.
(function () {
  'use strict';
  var link = document.getElementById('back');
  var gone = false;
  function go() {
    if (gone) return;
    gone = true;
    window.location.replace(link.href);
  }
  window.addEventListener('load', go, false);
  window.setTimeout(go, 5000);
}());
