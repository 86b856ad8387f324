// The conversation without page loads. Written for a WebView of 2019 (ES2017); the page works
// without this file, through the same forms.
(function () {
  'use strict';

  const root = document.documentElement;
  const log = document.querySelector('[role="log"]');
  const field = document.getElementById('field');
  const status = document.querySelector('.ask .status');
  const bar = document.querySelector('.bar');
  const isKiosk = document.querySelector('.leaving') !== null;

  const TIMEOUT = 20000;
  const SOON = 4000;
  const LATEST = 45000;
  let busy = false;
  let nextPoll = 0;
  let pollDelay = SOON;
  let failures = 0;

  root.classList.add('js');

  // ---- Small parts

  function pause(milliseconds) {
    return new Promise(function (done) {
      const timer = setTimeout(finish, milliseconds);
      function finish() {
        clearTimeout(timer);
        window.removeEventListener('online', finish);
        done();
      }
      window.addEventListener('online', finish);
    });
  }

  function newKey() {
    const bytes = new Uint8Array(12);
    window.crypto.getRandomValues(bytes);
    return Array.from(bytes, function (byte) { return ('0' + byte.toString(16)).slice(-2); }).join('');
  }

  function lastNumber() {
    return Array.from(log.querySelectorAll('[data-number]')).reduce(function (last, article) {
      return Math.max(last, Number(article.dataset.number));
    }, 0);
  }

  function call(url, body) {
    const options = { credentials: 'same-origin', headers: { Accept: 'application/json' } };
    if (body) {
      options.method = 'POST';
      options.body = body;
    }
    return Promise.race([
      fetch(url, options),
      new Promise(function (_, fail) { setTimeout(fail, TIMEOUT, new Error('timeout')); })
    ]);
  }

  function tell(words) {
    if (status.textContent !== words) status.textContent = words;
  }

  // ---- Showing what came

  function place(message) {
    const old = message.number && document.getElementById('m-' + message.number);
    if (old) {
      old.insertAdjacentHTML('afterend', message.html);
      const fresh = old.nextElementSibling;
      old.remove();
      return fresh;
    }
    log.insertAdjacentHTML('beforeend', message.html);
    return log.lastElementChild;
  }

  function show(messages) {
    const articles = messages.map(place);
    return articles.filter(function (a) { return a.classList.contains('told'); })[0];
  }

  function goTo(article) {
    const top = article.getBoundingClientRect().top + window.pageYOffset;
    window.scrollTo(0, Math.max(0, top - bar.offsetHeight - 10));
  }

  // ---- Sending

  function fieldsOf(form, button) {
    const fields = new URLSearchParams();
    new FormData(form).forEach(function (value, name) { fields.set(name, value); });
    if (button && button.name) fields.set(button.name, button.value);
    fields.set('key', newKey());
    fields.set('after', String(lastNumber()));
    return fields;
  }

  // Asks until there is an answer; the key makes asking twice harmless.
  async function ask(fields) {
    let wait = 1000;
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await call('/say', fields);
        if (answer.status < 500) return { answer: await read(answer), tries: tries };
      } catch (error) { /* no network, or no answer in time: below */ }
      tell('网络不通，正在自动重试……');
      await pause(wait);
      wait = Math.min(wait * 2, 30000);
    }
  }

  // A proxy in between may refuse with a page of its own.
  async function read(answer) {
    const text = await answer.text();
    try {
      return JSON.parse(text);
    } catch (error) {
      return { error: '没发出去，请刷新页面再试。' };
    }
  }

  async function send(form, button) {
    if (busy) return;
    busy = true;
    const typed = form.contains(field);
    if (button) button.disabled = true;
    log.setAttribute('aria-busy', 'true');
    const fields = fieldsOf(form, button);
    const result = await ask(fields);
    log.removeAttribute('aria-busy');
    busy = false;
    if (button) button.disabled = false;
    tell(result.answer.error || '');
    if (result.answer.error) return;
    if (typed) field.value = '';
    receive(result, typed, button);
  }

  function receive(result, typed, button) {
    const answer = result.answer;
    const isLost = result.tries > 1 && answer.messages.length === 0;
    if (isLost || (answer.fresh && isKiosk && log.children.length)) {
      window.location.reload();
      return;
    }
    if (answer.forgotten) log.textContent = '';
    forgetWindow();
    const first = show(answer.messages);
    pollSoon();
    if (!first) return;
    if (typed && window.matchMedia('(pointer: coarse)').matches) field.blur();
    if (button && !document.contains(button)) first.focus({ preventScroll: true });
    goTo(first);
  }

  // The window of the scanned code is handed over once; a district chosen later then stays.
  function forgetWindow() {
    document.querySelectorAll('input[name="window"]').forEach(function (input) { input.remove(); });
  }

  document.addEventListener('click', function (event) {
    const button = event.target.closest && event.target.closest('button');
    const form = button && button.form;
    if (!form || form.getAttribute('action') !== '/say') return;
    event.preventDefault();
    send(form, button);
  });

  document.addEventListener('submit', function (event) {
    if (event.target.getAttribute('action') !== '/say') return;
    event.preventDefault();
    send(event.target, null);
  });

  // ---- Listening

  async function poll() {
    nextPoll = 0;
    if (!document.hidden && !busy && log.children.length) {
      try {
        const answer = await call('/messages?after=' + lastNumber());
        if (!answer.ok) throw new Error(String(answer.status));
        hear(await answer.json());
      } catch (error) {
        failures += 1;
        pollDelay = Math.min(pollDelay * 2, LATEST);
        if (failures > 1 && !busy) tell('连接断了，正在自动重连……');
      }
    }
    schedule();
  }

  function hear(answer) {
    if (failures && !busy) tell('');
    failures = 0;
    if (answer.fresh && isKiosk) {
      window.location.reload();
      return;
    }
    if (busy) return;
    show(answer.messages);
    pollDelay = answer.messages.length ? SOON : Math.min(pollDelay * 1.2, LATEST);
  }

  function schedule() {
    clearTimeout(nextPoll);
    nextPoll = setTimeout(poll, pollDelay);
  }

  function pollSoon() {
    pollDelay = SOON;
    schedule();
  }

  window.addEventListener('online', pollSoon);
  document.addEventListener('visibilitychange', function () {
    if (!document.hidden) pollSoon();
  });
  schedule();

  // ---- Comfort

  const size = document.getElementById('size');
  function markSize() {
    size.setAttribute('aria-pressed', String(root.classList.contains('large')));
  }
  size.addEventListener('click', function (event) {
    event.preventDefault();
    root.classList.toggle('large');
    markSize();
    call('/large', new URLSearchParams({ size: root.classList.contains('large') ? 'large' : 'normal' }))
      .catch(function () { tell('字体大小没能记住，下次请再点一次。'); });
  });
  markSize();

  const role = document.getElementById('role');
  if (role) role.addEventListener('change', function () { role.form.submit(); });

  // ---- Shared tablets

  if (isKiosk) watchIdleness(document.querySelector('.leaving'));

  function watchIdleness(warning) {
    const IDLE = 120000;
    const WARNED = 15000;
    let usedAt = Date.now();
    let toldAt = 0;

    function used() {
      usedAt = Date.now();
      if (usedAt - toldAt < 20000) return;
      toldAt = usedAt;
      call('/still', new URLSearchParams({ key: '1' })).catch(function () { toldAt = 0; });
    }

    ['pointerdown', 'touchstart', 'keydown', 'scroll'].forEach(function (kind) {
      window.addEventListener(kind, function () { if (warning.hidden) used(); }, { passive: true });
    });
    document.getElementById('stay').addEventListener('click', function () {
      warning.hidden = true;
      toldAt = 0;
      used();
      field.focus();
    });
    setInterval(function () {
      const left = usedAt + IDLE - Date.now();
      document.getElementById('seconds').textContent = String(Math.max(0, Math.ceil(left / 1000)));
      if (left <= WARNED && warning.hidden) {
        warning.hidden = false;
        document.getElementById('stay').focus();
      }
      if (left <= 0) warning.submit();
    }, 500);
    window.addEventListener('pageshow', function (event) {
      if (event.persisted) window.location.reload();
    });
  }
}());
