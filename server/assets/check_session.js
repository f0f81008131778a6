// The frame of OpenID Connect Session Management 1.0 §3.2, in ECMAScript 5 and without WebCrypto, which is not there where
// pages are plain http. It answers "unchanged", "changed" or "error" and nothing else. What it computes is what
// openid/src/logout/session_state.rs computes.
(function () {
  'use strict';

  var K = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
  ];

  function turned(word, by) {
    return (word >>> by) | (word << (32 - by));
  }

  // SHA-256 of a text's UTF-8 octets in hexadecimal, FIPS 180-4 §6.2.
  function sha256(text) {
    var octets = unescape(encodeURIComponent(text));
    var h = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    var blocks = ((octets.length + 8) >> 6) + 1;
    var words = [];
    var i, t, block, v, w, a, b;
    for (i = 0; i < blocks * 16; i += 1) words[i] = 0;
    for (i = 0; i < octets.length; i += 1) words[i >> 2] |= octets.charCodeAt(i) << (24 - (i % 4) * 8);
    words[i >> 2] |= 0x80 << (24 - (i % 4) * 8);
    words[blocks * 16 - 1] = octets.length * 8;
    for (block = 0; block < blocks; block += 1) {
      w = words.slice(block * 16, block * 16 + 16);
      v = h.slice();
      for (t = 0; t < 64; t += 1) {
        if (t > 15) {
          a = turned(w[t - 15], 7) ^ turned(w[t - 15], 18) ^ (w[t - 15] >>> 3);
          b = turned(w[t - 2], 17) ^ turned(w[t - 2], 19) ^ (w[t - 2] >>> 10);
          w[t] = (w[t - 16] + a + w[t - 7] + b) | 0;
        }
        a = turned(v[4], 6) ^ turned(v[4], 11) ^ turned(v[4], 25);
        a = (v[7] + a + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[t] + w[t]) | 0;
        b = turned(v[0], 2) ^ turned(v[0], 13) ^ turned(v[0], 22);
        b = (b + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]))) | 0;
        v = [(a + b) | 0, v[0], v[1], v[2], (v[3] + a) | 0, v[4], v[5], v[6]];
      }
      for (i = 0; i < 8; i += 1) h[i] = (h[i] + v[i]) | 0;
    }
    for (i = 0; i < 8; i += 1) h[i] = ('0000000' + (h[i] >>> 0).toString(16)).slice(-8);
    return h.join('');
  }

  var cookie = document.documentElement.getAttribute('data-cookie') + '=';

  // The browser's state; empty if it is not there or this frame may not read it.
  function state() {
    var all, i, pair;
    try {
      all = document.cookie.split(';');
    } catch (kept_out) {
      return '';
    }
    for (i = 0; i < all.length; i += 1) {
      pair = all[i].replace(/^\s+/, '');
      if (pair.indexOf(cookie) === 0) return pair.substring(cookie.length);
    }
    return '';
  }

  var read = false;

  // Without a state there is nothing to compare: "error", so that nobody asks the provider again and again. Only once it
  // was read and then is gone has it changed, and that is said once.
  function lost() {
    var said = read ? 'changed' : 'error';
    read = false;
    return said;
  }

  function judge(message, origin) {
    var at = message.lastIndexOf(' ');
    var of = message.substring(0, at) + ' ' + origin + ' ';
    var parts = message.substring(at + 1).split('.');
    var own;
    // A page of an origin the value was not made for is rejected too.
    if (at < 1 || parts.length !== 3 || sha256(of + parts[1]).substring(0, 32) !== parts[2]) return 'error';
    own = state();
    if (own === '') return lost();
    read = true;
    return sha256(of + own + ' ' + parts[1]) === parts[0] ? 'unchanged' : 'changed';
  }

  window.addEventListener('message', function (event) {
    var said = 'error';
    // An opaque origin cannot be answered.
    if (!event.source || !event.origin || event.origin === 'null') return;
    try {
      if (typeof event.data === 'string') said = judge(event.data, event.origin);
    } catch (malformed) {
      said = 'error';
    }
    event.source.postMessage(said, event.origin);
  }, false);

  // What ended elsewhere (another browser, an operator, time) reaches the cookie when this page is fetched.
  window.setInterval(function () {
    var visit;
    if (document.hidden || state() === '') return;
    visit = new XMLHttpRequest();
    visit.open('GET', window.location.href);
    visit.send();
  }, 300000);
}());
