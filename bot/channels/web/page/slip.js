// The slip's page: hand its address on, print it, or make it fit one screenshot.
(function () {
  'use strict';

  const share = document.getElementById('share');
  const status = document.querySelector('.status');

  function copied(address) {
    const area = document.createElement('textarea');
    area.value = address;
    area.setAttribute('readonly', '');
    document.body.appendChild(area);
    area.select();
    area.setSelectionRange(0, address.length);
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }

  if (share) {
    share.addEventListener('click', function (event) {
      event.preventDefault();
      if (navigator.share) {
        navigator.share({ title: document.title, url: share.href }).catch(function () { /* closed */ });
        return;
      }
      status.textContent = copied(share.href)
        ? '链接已复制，到微信里粘贴给家人就行。'
        : '请长按“发给家人”，复制链接。';
    });
  }

  const print = document.getElementById('print');
  if (print) {
    print.hidden = false;
    print.addEventListener('click', function () { window.print(); });
  }

  if (document.body.classList.contains('image')) {
    const root = document.documentElement;
    for (let size = 18; size >= 11 && root.scrollHeight > window.innerHeight; size -= 1) {
      root.style.fontSize = size + 'px';
    }
    // What still does not fit is left to the full slip, and said so: a cut list must not look whole.
    const told = document.querySelector('.told');
    const rest = document.createElement('p');
    rest.textContent = '……还有几样没放下，扫码或点下面看全文';
    while (told.lastElementChild && root.scrollHeight > window.innerHeight) {
      if (rest.parentNode) { told.removeChild(rest); }
      told.removeChild(told.lastElementChild);
      told.appendChild(rest);
    }
  }
}());
